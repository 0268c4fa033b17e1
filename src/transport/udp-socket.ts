import { loadAddon, type UdpPoll, type UdpPollOptions } from '../native.js';
import { type OpenUdpPoll, PolledUdpSocket } from './polled-udp-socket.js';
import type { SocketTransportService } from './socket-transport-service.js';

/**
 * A UDP socket, connected to one peer: nsUDPSocket.
 *
 * It is connected (in the sense of connect(2)) so that the kernel drops datagrams of other senders and reports ICMP errors;
 * the server's preferred address is therefore not used.
 */
export class UdpSocket extends PolledUdpSocket {
  readonly #options: UdpPollOptions;

  /** @throws Error with `code` EADDRNOTAVAIL, ENETUNREACH, EMFILE … as Node's own sockets give */
  constructor(service: SocketTransportService, options: UdpPollOptions) {
    super(service, opener(options));
    this.#options = options;
  }

  get remoteAddress(): string {
    return this.#options.remoteAddress;
  }

  get remotePort(): number {
    return this.#options.remotePort;
  }

  /**
   * Goes on from another local port, and from whatever local address the system now chooses, or from that of the options. What
   * has arrived and was not read is lost.
   *
   * @param adopt takes the new socket into use; false: all stays as it is
   * @returns whether it was taken; also false if there can be no new socket, because there is no way to the peer now
   */
  rebind(adopt: (next: UdpPoll) => boolean): boolean {
    let isOpen = false;
    try {
      return this.replace(opener({ ...this.#options, localPort: 0 }), (next) => {
        isOpen = true;
        return adopt(next);
      });
    } catch (error) {
      if (isOpen) throw error;
      return false;
    }
  }
}

function opener(options: UdpPollOptions): OpenUdpPoll {
  const { UdpPoll: Poll } = loadAddon();
  return (onReady) => new Poll(options, onReady);
}
