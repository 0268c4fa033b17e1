import { ConnectionError, H3_ERROR, type Http3Error, h3ErrorName, QUIC_ERROR, quicErrorName } from '../errors.js';
import { CloseKind } from '../native.js';

/** Why a connection ended, as neqo says it in a STATE_CHANGE record. */
export interface CloseReason {
  readonly kind: number;
  readonly code: number;
  /** neqo's name of the error. */
  readonly text: string;
}

/** TLS alerts that a server sends in a handshake (RFC 8446 6), by number. */
const TLS_ALERTS: Readonly<Record<number, string>> = {
  10: 'unexpected_message',
  20: 'bad_record_mac',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  90: 'user_canceled',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
};
/** QUIC error codes from here on carry a TLS alert (RFC 9001 4.8). */
const CRYPTO_ERROR_FIRST = 0x100;
const CRYPTO_ERROR_LAST = 0x1ff;

/**
 * @param connected whether the handshake had succeeded; before that nothing was processed except 0-RTT data
 * @param peer who is at the other end
 */
export function closeReasonToError(
  reason: CloseReason,
  connected: boolean,
  peer: 'server' | 'client' = 'server',
): Http3Error {
  const { kind, code, text } = reason;
  const base = { safeToRetry: !connected };
  const transport = { ...base, errorCode: code, errorName: quicErrorName(code) };
  const application = { ...base, errorCode: code, errorName: h3ErrorName(code) };
  switch (kind) {
    case CloseKind.NONE:
      return new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection was closed', base);
    case CloseKind.TRANSPORT:
      return new ConnectionError(
        'ERR_QUIC_TRANSPORT',
        `The ${peer} broke the QUIC protocol: ${quicErrorName(code)} (${text})`,
        transport,
      );
    case CloseKind.APPLICATION:
      return code === H3_ERROR.H3_NO_ERROR
        ? new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection was closed by this side', application)
        : new ConnectionError(
            'ERR_HTTP3_CONNECTION',
            `The ${peer} broke the HTTP/3 protocol: ${h3ErrorName(code)}`,
            application,
          );
    case CloseKind.PEER_TRANSPORT:
      return peerTransportError(code, base.safeToRetry, peer);
    case CloseKind.PEER_APPLICATION:
      return code === H3_ERROR.H3_NO_ERROR
        ? new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', `The ${peer} closed the connection`, application)
        : new ConnectionError(
            'ERR_HTTP3_CONNECTION',
            `The ${peer} closed the connection with ${h3ErrorName(code)}`,
            application,
          );
    case CloseKind.IDLE_TIMEOUT:
      return connected
        ? new ConnectionError(
            'ERR_QUIC_IDLE_TIMEOUT',
            `The connection was idle for too long, or the ${peer} is gone`,
            base,
          )
        : new ConnectionError('ETIMEDOUT', `The ${peer} did not answer`, base);
    case CloseKind.HANDSHAKE_TIMEOUT:
      return new ConnectionError('ETIMEDOUT', 'The handshake was not complete within handshakeTimeout', base);
    case CloseKind.STATELESS_RESET:
      return new ConnectionError('ECONNRESET', `The ${peer} has lost the connection (stateless reset)`, base);
    case CloseKind.CRYPTO_ALERT:
      return new ConnectionError('ERR_TLS_ALERT', `TLS handshake failed: ${alertName(code)}`, {
        ...base,
        errorCode: CRYPTO_ERROR_FIRST + code,
      });
    case CloseKind.CRYPTO:
      return new ConnectionError('ERR_TLS_HANDSHAKE', `TLS handshake failed: NSS error -${code} (${text})`, base);
    case CloseKind.ECH_RETRY:
      return new ConnectionError(
        'ERR_TLS_ECH_RETRY',
        'The server does not know the ECH configuration and offers another',
        base,
      );
    case CloseKind.VERSION_NEGOTIATION:
      return new ConnectionError(
        'ERR_QUIC_VERSION_NEGOTIATION',
        'The server speaks no QUIC version that this client speaks',
        base,
      );
    default:
      return new ConnectionError('ERR_QUIC_INTERNAL', `The QUIC engine failed: ${text}`, base);
  }
}

function peerTransportError(code: number, safeToRetry: boolean, peer: string): Http3Error {
  const options = { errorCode: code, errorName: quicErrorName(code), safeToRetry };
  if (code >= CRYPTO_ERROR_FIRST && code <= CRYPTO_ERROR_LAST) {
    return new ConnectionError(
      'ERR_TLS_ALERT',
      `TLS handshake failed: the ${peer} sent ${alertName(code - CRYPTO_ERROR_FIRST)}`,
      options,
    );
  }
  if (code === QUIC_ERROR.CONNECTION_REFUSED) {
    return new ConnectionError('ECONNREFUSED', `The ${peer} refused the connection (CONNECTION_REFUSED)`, {
      ...options,
      safeToRetry: true,
    });
  }
  if (code === QUIC_ERROR.NO_ERROR) {
    return new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', `The ${peer} closed the connection`, options);
  }
  return new ConnectionError(
    'ERR_QUIC_TRANSPORT',
    `The ${peer} closed the connection with ${quicErrorName(code)}`,
    options,
  );
}

function alertName(alert: number): string {
  return `alert ${alert}${TLS_ALERTS[alert] === undefined ? '' : ` (${TLS_ALERTS[alert]})`}`;
}
