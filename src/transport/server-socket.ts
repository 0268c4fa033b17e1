import { loadServerAddon, type UdpBindOptions, type UnixBindOptions } from '../native-server.js';
import { PolledUdpSocket } from './polled-udp-socket.js';
import type { SocketTransportService } from './socket-transport-service.js';

/** A socket of a server: the UDP socket, bound and shared by all its connections, or the Unix socket for forwarded datagrams. */
export class ServerSocket extends PolledUdpSocket {
  /** @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE … as Node's own sockets give */
  constructor(service: SocketTransportService, options: UdpBindOptions | UnixBindOptions) {
    const { UdpPoll: Poll } = loadServerAddon();
    super(service, (onReady) => new Poll(options, onReady));
  }
}
