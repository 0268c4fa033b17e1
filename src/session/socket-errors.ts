import { getSystemErrorName } from 'node:util';
import { ConnectionError } from '../errors.js';

/** Socket errors that end nothing. */
const PASSING_ERRNO = new Set(['ENOBUFS', 'ENOMEM', 'EINTR']);
/**
 * Those that end even an established connection. ECONNREFUSED says that nobody listens there any more: the kernel matches ICMP
 * messages to the connected socket. All others end the handshake only; later they are like a lost packet, and QUIC copes.
 */
const FATAL_ERRNO = new Set(['ECONNREFUSED', 'EBADF', 'ENOTSOCK', 'ENOTCONN', 'EDESTADDRREQ']);

/**
 * Those that may mean that the local address is gone, or the way from it: Linux has EINVAL for an address that was removed under a
 * connected socket, others EADDRNOTAVAIL.
 */
const PATH_ERRNO = new Set([
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EINVAL',
  'ENETDOWN',
  'ENETUNREACH',
  'ENODEV',
]);

/** Whether another local address might help against an errno of the UDP socket. */
export function isPathError(errno: number): boolean {
  return PATH_ERRNO.has(getSystemErrorName(-errno));
}

/** What an errno of the UDP socket means for its connection; undefined if it can go on. */
export function socketError(
  errno: number,
  established: boolean,
  { remoteAddress, remotePort }: { readonly remoteAddress: string; readonly remotePort: number },
): ConnectionError | undefined {
  if (errno === 0) return undefined;
  const code = getSystemErrorName(-errno);
  if (PASSING_ERRNO.has(code) || (established && !FATAL_ERRNO.has(code))) return undefined;
  const message = `${code}: UDP to ${remoteAddress} port ${remotePort}`;
  return new ConnectionError(code, message, { safeToRetry: !established });
}
