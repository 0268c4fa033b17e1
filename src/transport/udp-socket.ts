import { loadAddon, type UdpPoll, type UdpPollOptions } from '../native.js';
import { Ready, type SocketHandler, type SocketTransportService } from './socket-transport-service.js';

/** Listens to a UDP socket: nsIUDPSocketSyncListener. */
export interface UdpSocketListener {
  /** Datagrams wait in the socket. The listener reads them itself, through the descriptor. */
  onPacketReceived(): void;
  /** The socket takes datagrams again, after {@link UdpSocket.waitForWritable}. */
  onWritable(): void;
  /** Polling failed; nothing more will be reported. `status` is a negative uv error. */
  onSocketError(status: number): void;
}

/**
 * A UDP socket, connected to one peer: nsUDPSocket.
 *
 * It is polled for reading all the time. It is polled for writing only after the kernel refused a datagram, and once:
 * QUIC itself paces what is sent.
 *
 * It is connected (in the sense of connect(2)) so that the kernel drops datagrams of other senders and reports ICMP errors;
 * the server's preferred address is therefore not used.
 */
export class UdpSocket implements SocketHandler {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #service: SocketTransportService;
  readonly #poll: UdpPoll;
  #listener: UdpSocketListener | undefined;
  #waitingForWritable = false;
  #closed = false;

  /** @throws Error with `code` EADDRNOTAVAIL, ENETUNREACH, EMFILE … as Node's own sockets give */
  constructor(service: SocketTransportService, options: UdpPollOptions) {
    this.#service = service;
    this.remoteAddress = options.remoteAddress;
    this.remotePort = options.remotePort;
    const { UdpPoll: Poll } = loadAddon();
    this.#poll = new Poll(options, (events, status) => service.socketReady(this, events, status));
    // A new socket is idle; whoever uses it says when it is not.
    this.#poll.unref();
    service.attachSocket(this);
  }

  get fd(): number {
    return this.#poll.fd;
  }

  get localAddress(): string {
    return this.#poll.localAddress;
  }

  get localPort(): number {
    return this.#poll.localPort;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Begins to report datagrams to `listener`. */
  asyncListen(listener: UdpSocketListener): void {
    this.#listener = listener;
    this.#updatePoll();
  }

  /** Asks for one `onWritable`. */
  waitForWritable(): void {
    if (this.#waitingForWritable || this.#closed) return;
    this.#waitingForWritable = true;
    this.#updatePoll();
  }

  ref(): void {
    if (!this.#closed) this.#poll.ref();
  }

  unref(): void {
    if (!this.#closed) this.#poll.unref();
  }

  onSocketReady(events: number, status: number): void {
    const listener = this.#listener;
    if (listener === undefined || this.#closed) return;
    if (status !== 0) {
      listener.onSocketError(status);
      return;
    }
    if ((events & Ready.WRITABLE) !== 0 && this.#waitingForWritable) {
      this.#waitingForWritable = false;
      this.#updatePoll();
      listener.onWritable();
    }
    if ((events & Ready.READABLE) !== 0 && !this.#closed) listener.onPacketReceived();
  }

  /** Closes the descriptor. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#service.detachSocket(this);
    this.#poll.close();
  }

  #updatePoll(): void {
    if (this.#closed || this.#listener === undefined) return;
    this.#poll.poll(this.#waitingForWritable ? Ready.READABLE | Ready.WRITABLE : Ready.READABLE);
  }
}
