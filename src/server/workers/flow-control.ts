/**
 * Credit for the body bytes of one stream in one direction, as QUIC's MAX_STREAM_DATA between two threads: the sender may
 * have `window` bytes with the other thread that its consumer has not taken yet.
 */

/** The sender's side. */
export class SendCredit {
  #available: number;

  constructor(window: number) {
    this.#available = window;
  }

  /** Bytes that may be sent now; below zero if a chunk was sent that was larger than what was left. */
  get available(): number {
    return this.#available;
  }

  spend(bytes: number): void {
    this.#available -= bytes;
  }

  grant(bytes: number): void {
    this.#available += bytes;
  }
}

/** The receiver's side. Credit is returned in quarters of the window, so that it costs few records. */
export class ReceiveCredit {
  readonly #threshold: number;
  #consumed = 0;

  constructor(window: number) {
    this.#threshold = window / 4;
  }

  /** Notes that the consumer took bytes; returns those to report to the sender now, or 0. */
  consume(bytes: number): number {
    this.#consumed += bytes;
    if (this.#consumed < this.#threshold) return 0;
    const returned = this.#consumed;
    this.#consumed = 0;
    return returned;
  }
}
