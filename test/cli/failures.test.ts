import { describe, expect, it } from 'vitest';
import { CliError, EXIT } from '../../src/cli/exit-codes.js';
import { type TransferPhase, toCliError } from '../../src/cli/failures.js';
import {
  CertificateError,
  ConnectionError,
  ConnectTimeoutError,
  H3_ERROR,
  HeadersOverflowError,
  InvalidArgumentError,
  MessageError,
  RequestBodyError,
  RequestContentLengthMismatchError,
  SocketError,
  StreamResetError,
} from '../../src/errors.js';

const CONNECTING: TransferPhase = { host: 'h', port: 1, responded: false, sending: false, missingBytes: 0 };
const SENDING: TransferPhase = { ...CONNECTING, sending: true };
const RECEIVING: TransferPhase = { ...CONNECTING, responded: true };

describe('a failure of the library becomes curl’s exit code', () => {
  it.each<[string, unknown, TransferPhase, number]>([
    ['name not found', new ConnectionError('ENOTFOUND', ''), CONNECTING, EXIT.RESOLVE],
    ['resolver without answer', new ConnectionError('EAI_AGAIN', ''), CONNECTING, EXIT.RESOLVE],
    ['closed port', new ConnectionError('ECONNREFUSED', ''), CONNECTING, EXIT.CONNECT],
    ['no route', new ConnectionError('EHOSTUNREACH', ''), CONNECTING, EXIT.CONNECT],
    ['no answer', new ConnectionError('ETIMEDOUT', ''), CONNECTING, EXIT.TIMEOUT],
    ['connect timeout', new ConnectTimeoutError(''), CONNECTING, EXIT.TIMEOUT],
    ['TLS alert', new ConnectionError('ERR_TLS_ALERT', ''), CONNECTING, EXIT.TLS],
    ['certificate', new CertificateError('CERT_HAS_EXPIRED', '', '', ''), CONNECTING, EXIT.CERTIFICATE],
    ['no common QUIC version', new ConnectionError('ERR_QUIC_VERSION_NEGOTIATION', ''), CONNECTING, EXIT.QUIC_CONNECT],
    ['connection closed by an HTTP/3 error', new ConnectionError('ERR_HTTP3_CONNECTION', ''), CONNECTING, EXIT.HTTP3],
    ['connection closed', new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', ''), CONNECTING, EXIT.RECEIVE],
    ['connection idle', new ConnectionError('ERR_QUIC_IDLE_TIMEOUT', ''), CONNECTING, EXIT.RECEIVE],
    ['connection lost while sending', new SocketError(''), SENDING, EXIT.SEND],
    [
      'connection lost while sending, after the response',
      new SocketError(''),
      { ...SENDING, responded: true },
      EXIT.RECEIVE,
    ],
    ['connection lost while receiving', new SocketError(''), RECEIVING, EXIT.RECEIVE],
    ['request reset', new StreamResetError(H3_ERROR.H3_INTERNAL_ERROR, false), CONNECTING, EXIT.HTTP3],
    ['response reset', new StreamResetError(H3_ERROR.H3_INTERNAL_ERROR, false), RECEIVING, EXIT.PARTIAL],
    ['response too short', new MessageError(''), { ...RECEIVING, missingBytes: 5 }, EXIT.PARTIAL],
    ['response malformed', new MessageError(''), CONNECTING, EXIT.HTTP3],
    ['headers too large', new HeadersOverflowError(2, 1), CONNECTING, EXIT.RECEIVE],
    ['file not readable', new RequestBodyError(new Error('EIO')), SENDING, EXIT.READ],
    ['file that shrank', new RequestContentLengthMismatchError(''), SENDING, EXIT.READ],
    ['header not valid', new InvalidArgumentError(''), CONNECTING, EXIT.USAGE],
    ['no addon', Object.assign(new Error(''), { code: 'ERR_NECKO_ADDON_NOT_FOUND' }), CONNECTING, EXIT.USAGE],
    ['anything else', new Error('?'), RECEIVING, EXIT.RECEIVE],
  ])('%s', (_name, error, phase, exitCode) => {
    expect(toCliError(error, phase)).toMatchObject({ exitCode, cause: error });
  });

  it('and what is one already stays', () => {
    const error = new CliError(EXIT.READ, 'cannot read');
    expect(toCliError(error, CONNECTING)).toBe(error);
    expect(toCliError(new RequestBodyError(error), SENDING)).toBe(error);
  });
});
