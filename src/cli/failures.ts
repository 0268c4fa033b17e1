import {
  CertificateError,
  ConnectionError,
  ConnectTimeoutError,
  errorMessage,
  HeadersOverflowError,
  InvalidArgumentError,
  MessageError,
  RequestBodyError,
  RequestContentLengthMismatchError,
  SocketError,
  StreamResetError,
} from '../errors.js';
import { CliError, EXIT } from './exit-codes.js';

/** How far a transfer had come when it failed. */
export interface TransferPhase {
  readonly host: string;
  readonly port: number;
  /** The final response headers have come. */
  readonly responded: boolean;
  /** Part of the request body is still to be sent. */
  readonly sending: boolean;
  /** Body bytes that the response's content-length still lacks; 0 where it has none. */
  readonly missingBytes: number;
}

/** Code of the error that says that the native addon cannot be loaded. */
export const ADDON_NOT_FOUND = 'ERR_NECKO_ADDON_NOT_FOUND';
const RESOLVER_CODES = /^(?:ENOTFOUND|ENODATA|EAI_\w+)$/;

/** The exit code and message that curl would have for a failure. */
export function toCliError(error: unknown, phase: TransferPhase): CliError {
  if (error instanceof CliError) return error;
  const message = errorMessage(error);
  const as = (exitCode: number, text = message): CliError => new CliError(exitCode, text, { cause: error });
  if (error instanceof CertificateError) return as(EXIT.CERTIFICATE, `SSL certificate problem: ${message}`);
  if (error instanceof ConnectTimeoutError) return as(EXIT.TIMEOUT);
  if (error instanceof RequestBodyError) return error.cause instanceof CliError ? error.cause : as(EXIT.READ);
  // The file grew or shrank while it was sent.
  if (error instanceof RequestContentLengthMismatchError) return as(EXIT.READ);
  if (error instanceof InvalidArgumentError) return as(EXIT.USAGE);
  if (error instanceof HeadersOverflowError) return as(EXIT.RECEIVE);
  if (error instanceof MessageError && phase.missingBytes > 0) {
    return as(EXIT.PARTIAL, `transfer closed with ${phase.missingBytes} bytes remaining to read`);
  }
  if (error instanceof MessageError) return as(EXIT.HTTP3);
  if (error instanceof StreamResetError) return as(phase.responded ? EXIT.PARTIAL : EXIT.HTTP3);
  if (error instanceof SocketError) return as(phase.sending && !phase.responded ? EXIT.SEND : EXIT.RECEIVE);
  if (error instanceof ConnectionError) return connectionFailure(error, phase);
  if (codeOf(error) === ADDON_NOT_FOUND) return as(EXIT.USAGE);
  return as(EXIT.RECEIVE);
}

function connectionFailure(error: ConnectionError, { host, port }: TransferPhase): CliError {
  const { code, message } = error;
  const as = (exitCode: number, text = message): CliError => new CliError(exitCode, text, { cause: error });
  if (RESOLVER_CODES.test(code)) return as(EXIT.RESOLVE, `Could not resolve host: ${host}`);
  if (code.startsWith('ERR_TLS_')) return as(EXIT.TLS);
  if (code === 'ETIMEDOUT') return as(EXIT.TIMEOUT);
  if (code === 'ERR_QUIC_IDLE_TIMEOUT' || code === 'ERR_HTTP3_CONNECTION_CLOSED') return as(EXIT.RECEIVE);
  if (code.startsWith('ERR_HTTP3_')) return as(EXIT.HTTP3);
  if (code.startsWith('ERR_QUIC_') || code.startsWith('ERR_NEQO_')) return as(EXIT.QUIC_CONNECT);
  return as(EXIT.CONNECT, `Failed to connect to ${host} port ${port}: ${message}`);
}

/** `code` of an error of the system or of Node; the empty string if it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
