import { ConnectionError, H3_ERROR, Http3Error, h3ErrorName, isH3Error } from '../errors.js';
import { cipherName, groupName } from '../http/tls-names.js';
import { CloseKind } from '../native.js';
import type { NativeConnectionInfo } from '../native-server.js';
import type { CloseReason } from '../session/close-reason.js';
import type { ConnectionTls } from './server-types.js';

/** The only protocol that is offered. */
const ALPN = 'h3';

/** TLS facts of a connection. @param inZeroRtt the handshake goes on: the engine knows little as yet */
export function connectionTls(info: NativeConnectionInfo | undefined, inZeroRtt: boolean): ConnectionTls {
  const { serverName = '', alpn = '', cipher = 0, group = 0, resumed = false, earlyData = false } = info ?? {};
  if (inZeroRtt) return { serverName, alpn: ALPN, cipher: '', group: '', resumed: true, earlyData: true };
  return { serverName, alpn, cipher: cipherName(cipher), group: groupName(group), resumed, earlyData };
}

/** The connection ended as connections do. */
export function isClean({ kind, code }: CloseReason): boolean {
  switch (kind) {
    case CloseKind.APPLICATION:
      return code === H3_ERROR.H3_NO_ERROR;
    case CloseKind.PEER_APPLICATION:
      // RFC 9114 8: what is unknown counts as H3_NO_ERROR.
      return code === H3_ERROR.H3_NO_ERROR || !isH3Error(code);
    case CloseKind.PEER_TRANSPORT:
      return code === 0;
    case CloseKind.IDLE_TIMEOUT:
    case CloseKind.NONE:
      return true;
    default:
      return false;
  }
}

/** Why a connection was closed, for those who know HTTP/3's errors only. */
export function toHttp3Error(error: Error, errorCode: number): Http3Error {
  if (error instanceof Http3Error) return error;
  const errorName = h3ErrorName(errorCode);
  return new ConnectionError('ERR_HTTP3_CONNECTION', error.message, { cause: error, errorCode, errorName });
}
