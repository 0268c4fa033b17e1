import type { DatagramSource } from '../stream/webtransport/session-listener.js';
import { type DatagramSettings, isExpired } from './datagram-settings.js';
import type { Fifo } from './fifo.js';
import type { SendGroupState } from './send-group-state.js';

export interface OutgoingDatagram {
  readonly bytes: Uint8Array;
  readonly since: number;
  /** The write waits for it. */
  readonly done: (() => void) | undefined;
}

/** One WebTransportDatagramsWritable: its queue, and its place among the others. */
export interface DatagramQueue {
  readonly queue: Fifo<OutgoingDatagram>;
  /** Undefined: none. */
  readonly sendGroup: SendGroupState | undefined;
  readonly sendOrder: number;
}

/**
 * Datagrams of all writables on their way to the session: sendDatagrams (W3C WebTransport 4.3).
 *
 * By the send-order rules the highest `sendOrder` of a group goes first, and the groups (what has none counts as one)
 * take turns; equals in one group take turns too.
 */
export class OutgoingDatagrams implements DatagramSource {
  readonly #settings: DatagramSettings;
  /** Those that have something to send, the one that was served last at the end. */
  readonly #waiting = new Set<DatagramQueue>();
  #current: DatagramQueue | undefined;
  /** Stands for the group of those that have none. */
  readonly #ungrouped = { served: 0 };
  #turn = 0;

  constructor(settings: DatagramSettings) {
    this.#settings = settings;
  }

  add(writable: DatagramQueue, datagram: OutgoingDatagram): void {
    writable.queue.push(datagram);
    this.#waiting.add(writable);
  }

  next(): Uint8Array | undefined {
    const { outgoingMaxAge } = this.#settings;
    if (outgoingMaxAge !== null) {
      for (const writable of this.#waiting) this.#dropExpired(writable, outgoingMaxAge);
    }
    this.#current ??= this.#choose();
    return this.#current?.queue.peek()?.bytes;
  }

  sent(): void {
    const writable = this.#current;
    if (writable === undefined) return;
    this.#current = undefined;
    writable.queue.shift()?.done?.();
    // Who is alone needs no turns.
    if (this.#waiting.size === 1 && writable.queue.length > 0) return;
    this.#groupOf(writable).served = ++this.#turn;
    this.#waiting.delete(writable);
    if (writable.queue.length > 0) this.#waiting.add(writable);
  }

  refused(): void {
    this.sent();
  }

  /** The session is over: nothing is sent any more, and no write waits. */
  clear(): void {
    for (const { queue } of this.#waiting) {
      for (let datagram = queue.shift(); datagram !== undefined; datagram = queue.shift()) datagram.done?.();
    }
    this.#waiting.clear();
    this.#current = undefined;
  }

  #choose(): DatagramQueue | undefined {
    let chosen: DatagramQueue | undefined;
    for (const writable of this.#waiting) {
      if (chosen === undefined || this.#goesBefore(writable, chosen)) chosen = writable;
    }
    return chosen;
  }

  #goesBefore(writable: DatagramQueue, other: DatagramQueue): boolean {
    if (writable.sendGroup === other.sendGroup) return writable.sendOrder > other.sendOrder;
    return this.#groupOf(writable).served < this.#groupOf(other).served;
  }

  /** Where it is kept when the group was served last. */
  #groupOf({ sendGroup }: DatagramQueue): { served: number } {
    return sendGroup ?? this.#ungrouped;
  }

  #dropExpired(writable: DatagramQueue, maxAge: number): void {
    const { queue } = writable;
    for (let first = queue.peek(); first !== undefined && isExpired(first.since, maxAge); first = queue.peek()) {
      queue.shift()?.done?.();
      this.#settings.expiredOutgoing++;
    }
    if (queue.length > 0) return;
    this.#waiting.delete(writable);
    if (this.#current === writable) this.#current = undefined;
  }
}
