import { RequestBodyError, SocketError, type SocketInfo, StreamResetError } from '../../errors.js';
import type { ConnectionInfo } from '../../session/session-types.js';

/**
 * A transaction's error as users of undici know it:
 *
 * - a body that failed: the body's own error;
 * - a stream that the server reset: a SocketError, as of HTTP/1, where a server that cannot go on closes the connection. undici's
 *   RetryHandler knows no code of HTTP/3, and repeats only methods that may be repeated; a reset is as good a reason for that as a lost
 *   connection. The StreamResetError is the `cause`;
 * - a lost connection: a SocketError with the ends of that connection.
 */
export function toDispatchError(error: Error, connection: ConnectionInfo | undefined): Error {
  if (error instanceof RequestBodyError) return error.cause instanceof Error ? error.cause : error;
  const reset = error instanceof StreamResetError && !error.local;
  if (!reset && !(error instanceof SocketError && error.socket === undefined && connection !== undefined)) return error;
  const { message, errorCode, errorName, safeToRetry } = error;
  return new SocketError(message, {
    cause: reset ? error : error.cause,
    errorCode,
    errorName,
    safeToRetry,
    socket: toSocketInfo(connection),
  });
}

function toSocketInfo(connection: ConnectionInfo | undefined): SocketInfo | undefined {
  if (connection === undefined) return undefined;
  const { localAddress, localPort, remoteAddress, remotePort } = connection;
  return { localAddress, localPort, remoteAddress, remotePort };
}
