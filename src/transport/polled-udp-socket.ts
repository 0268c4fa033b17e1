import type { UdpPoll } from '../native.js';
import { Ready, type SocketHandler, type SocketTransportService } from './socket-transport-service.js';

/** Listens to a UDP socket: nsIUDPSocketSyncListener. */
export interface UdpSocketListener {
  /** Datagrams wait in the socket. The listener reads them itself, through the descriptor. */
  onPacketReceived(): void;
  /** The socket takes datagrams again, after {@link PolledUdpSocket.waitForWritable}. */
  onWritable(): void;
  /** Polling failed; nothing more will be reported. `status` is a negative uv error. */
  onSocketError(status: number): void;
}

/** Makes the native socket; `onReady` is told of its readiness. */
export type OpenUdpPoll = (onReady: (events: number, status: number) => void) => UdpPoll;

/**
 * A UDP socket with its poll, attached to the thread's service.
 *
 * It is polled for reading all the time. It is polled for writing only after the kernel refused a datagram, and once:
 * QUIC itself paces what is sent.
 */
export class PolledUdpSocket implements SocketHandler {
  readonly #service: SocketTransportService;
  #poll: UdpPoll;
  #listener: UdpSocketListener | undefined;
  #waitingForWritable = false;
  #referenced = false;
  #closed = false;

  /** @throws what `open` throws */
  constructor(service: SocketTransportService, open: OpenUdpPoll) {
    this.#service = service;
    this.#poll = this.#open(open);
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
    this.#referenced = true;
    if (!this.#closed) this.#poll.ref();
  }

  unref(): void {
    this.#referenced = false;
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

  /**
   * Goes on with another native socket if `adopt` takes it; the present one is closed then, else the new one.
   *
   * @throws what `open` and `adopt` throw
   */
  protected replace(open: OpenUdpPoll, adopt: (next: UdpPoll) => boolean): boolean {
    if (this.#closed) return false;
    const next = this.#open(open);
    let previous = next;
    try {
      if (!adopt(next)) return false;
      previous = this.#poll;
      this.#poll = next;
    } finally {
      previous.close();
    }
    if (this.#referenced) next.ref();
    this.#waitingForWritable = false;
    this.#updatePoll();
    return true;
  }

  #open(open: OpenUdpPoll): UdpPoll {
    const poll = open((events, status) => this.#service.socketReady(this, events, status));
    // A new socket is idle; whoever uses it says when it is not.
    poll.unref();
    return poll;
  }

  #updatePoll(): void {
    if (this.#closed || this.#listener === undefined) return;
    this.#poll.poll(this.#waitingForWritable ? Ready.READABLE | Ready.WRITABLE : Ready.READABLE);
  }
}
