import { loadServerAddon, type UdpBindOptions } from '../native-server.js';
import { PolledUdpSocket } from './polled-udp-socket.js';
import type { SocketTransportService } from './socket-transport-service.js';

/** The UDP socket of a server: bound, and shared by all its connections. */
export class ServerSocket extends PolledUdpSocket {
  /** @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE … as Node's own sockets give */
  constructor(service: SocketTransportService, options: UdpBindOptions) {
    const { UdpPoll: Poll } = loadServerAddon();
    super(service, (onReady) => new Poll(options, onReady));
  }
}
