import { NativeResult } from '../../native.js';
import type { Contained } from './containment.js';
import type { DatagramSource } from './session-listener.js';
import type { Mover, TurnQueue } from './turn-queue.js';

/** Datagrams that one session gives to neqo in one turn, after which the other sessions and JavaScript have theirs. */
const MAX_DATAGRAMS_PER_TURN = 256;

/** Sessions that wait for room in neqo's queue of outgoing datagrams, which the connection has one of. */
export type BlockedSenders = Set<DatagramSender>;

/** Gives the datagrams of one session to neqo while it has room for them. */
export class DatagramSender implements Mover {
  readonly #turns: TurnQueue;
  readonly #session: Contained & { readonly id: number };
  readonly #blocked: BlockedSenders;
  #source: DatagramSource | undefined;
  #active = false;
  #maxSize = 0;
  #sent = 0;
  #refused = 0;

  constructor(turns: TurnQueue, session: Contained & { readonly id: number }, blocked: BlockedSenders) {
    this.#turns = turns;
    this.#session = session;
    this.#blocked = blocked;
  }

  /** Payload bytes, as of the last turn in which it was looked at; 0 before the session is established. */
  get maxSize(): number {
    return this.#maxSize;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Too large when their turn came. */
  get refused(): number {
    return this.#refused;
  }

  set source(source: DatagramSource) {
    this.#source = source;
    this.pending();
  }

  /** The session is established. Called inside a turn. */
  begin(): void {
    this.#active = true;
    this.refreshMaxSize();
    this.pending();
  }

  /** Called inside a turn: the path's MTU may have changed. */
  refreshMaxSize(): void {
    this.#maxSize = this.#turns.carrier.maxDatagramSize(this.#session.id);
  }

  /** The source has datagrams. May be called at any time. */
  pending(): void {
    if (this.#active && this.#source !== undefined && !this.#blocked.has(this)) this.#turns.wants(this);
  }

  move(): boolean {
    const source = this.#source;
    if (source === undefined || !this.#active) return false;
    this.refreshMaxSize();
    for (let left = MAX_DATAGRAMS_PER_TURN; left > 0; left--) {
      const datagram = source.next();
      if (datagram === undefined) return false;
      const result = this.#turns.carrier.sendDatagram(this.#session.id, datagram);
      if (result === NativeResult.OK) {
        this.#sent += 1;
        source.sent();
      } else if (result === NativeResult.TOO_MUCH_DATA) {
        this.#refused += 1;
        source.refused();
      } else {
        // Anything else: the connection is closing, and its end is told next.
        if (result === NativeResult.BLOCKED) this.#blocked.add(this);
        return false;
      }
    }
    return true;
  }

  /** The source threw. */
  failed(error: unknown): void {
    this.#session.failed(error);
  }

  /** The session is over: nothing is taken from the source any more. */
  end(): void {
    this.#active = false;
    this.#source = undefined;
    this.#blocked.delete(this);
    this.#turns.forget(this);
  }
}
