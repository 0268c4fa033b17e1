/** The streams of one direction that the peer may open in a session, all that ever were included (draft 15, 5.3). */
export class IncomingStreamLimit {
  readonly #concurrent: number;
  readonly #tellLimit: (limit: number) => void;
  readonly #violated: () => void;
  #limit: number;
  #opened = 0;
  #over = 0;

  /**
   * @param concurrent streams at once, the limit in SETTINGS
   * @param tellLimit sends WT_MAX_STREAMS
   * @param violated the peer opened more
   */
  constructor(concurrent: number, tellLimit: (limit: number) => void, violated: () => void) {
    this.#concurrent = concurrent;
    this.#limit = concurrent;
    this.#tellLimit = tellLimit;
    this.#violated = violated;
  }

  opened(): void {
    this.#opened += 1;
    if (this.#opened > this.#limit) this.#violated();
    else this.#raise();
  }

  over(): void {
    this.#over += 1;
    this.#raise();
  }

  /** In large steps, but before the peer has to wait. */
  #raise(): void {
    const gain = this.#over + this.#concurrent - this.#limit;
    if (gain <= 0 || gain < this.#limit - this.#opened) return;
    this.#limit += gain;
    this.#tellLimit(this.#limit);
  }
}
