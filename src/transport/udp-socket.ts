import { loadAddon, type UdpPollOptions } from '../native.js';
import { PolledUdpSocket } from './polled-udp-socket.js';
import type { SocketTransportService } from './socket-transport-service.js';

/**
 * A UDP socket, connected to one peer: nsUDPSocket.
 *
 * It is connected (in the sense of connect(2)) so that the kernel drops datagrams of other senders and reports ICMP errors;
 * the server's preferred address is therefore not used.
 */
export class UdpSocket extends PolledUdpSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;

  /** @throws Error with `code` EADDRNOTAVAIL, ENETUNREACH, EMFILE … as Node's own sockets give */
  constructor(service: SocketTransportService, options: UdpPollOptions) {
    const { UdpPoll: Poll } = loadAddon();
    super(service, (onReady) => new Poll(options, onReady));
    this.remoteAddress = options.remoteAddress;
    this.remotePort = options.remotePort;
  }
}
