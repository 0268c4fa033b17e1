import type { Mover, TurnQueue } from './turn-queue.js';

/** The bytes that the peer lets this end send on all streams of a session together, headers excluded (draft 15, 5.4). */
export class OutgoingDataLimit {
  readonly #turns: TurnQueue;
  readonly #tellBlocked: (limit: number) => void;
  /** In the order in which they came to wait, so that none goes twice before the others. */
  readonly #waiting = new Set<Mover>();
  #limit: number;
  #sent = 0;
  /** The limit that the peer was told of. */
  #told = -1;

  /** @param limit bytes. @param tellBlocked sends WT_DATA_BLOCKED */
  constructor(turns: TurnQueue, limit: number, tellBlocked: (limit: number) => void) {
    this.#turns = turns;
    this.#limit = limit;
    this.#tellBlocked = tellBlocked;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Bytes that may be sent now. */
  get credit(): number {
    return this.#limit - this.#sent;
  }

  take(bytes: number): void {
    this.#sent += bytes;
  }

  /** Has the mover called again once there is credit. */
  wait(mover: Mover): void {
    this.#waiting.add(mover);
    this.#nothingLeft();
  }

  forget(mover: Mover): void {
    this.#waiting.delete(mover);
  }

  /** The peer allows more. */
  raise(limit: number): void {
    this.#limit = limit;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const mover of waiting) this.#turns.wants(mover);
  }

  #nothingLeft(): void {
    if (this.#told === this.#limit) return;
    this.#told = this.#limit;
    this.#tellBlocked(this.#limit);
  }
}
