import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** Asked of the kernel for each direction; it gives up to net.core.rmem_max and net.core.wmem_max. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Opens a UDP socket on an IP literal with large buffers. The caller listens for 'error' (a port that refuses, say).
 * @throws the error of bind(2), such as EADDRINUSE or EADDRNOTAVAIL
 */
export async function bindUdpSocket(host: string, port: number): Promise<Socket> {
  const family = isIPv6(host) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // All hosts here are literals. The default look-up would put off each send to a later tick.
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  });
  // The synchronous look-up makes bind emit before it returns.
  const listening = once(socket, 'listening');
  socket.bind(port, host);
  await listening;
  socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
  socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
  return socket;
}
