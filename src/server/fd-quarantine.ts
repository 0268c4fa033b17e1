/** Delayed closing: descriptors are kept open, hung up, until nobody can still hold their numbers. */
interface Inmate {
  readonly fds: readonly number[];
  /** Milliseconds of the monotonic clock. */
  readonly until: number;
}

export class FdQuarantine {
  readonly #holdMs: number;
  readonly #limit: number;
  readonly #close: (fds: readonly number[]) => void;
  /** Oldest first; those before `#first` have left. */
  #inmates: Inmate[] = [];
  #first = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param holdMs how long, milliseconds
   * @param limit sets of descriptors held at most; beyond it the oldest leave early
   * @param close closes descriptors, of many sets at once
   */
  constructor(holdMs: number, limit: number, close: (fds: readonly number[]) => void) {
    this.#holdMs = holdMs;
    this.#limit = limit;
    this.#close = close;
  }

  /** Sets of descriptors held now. */
  get size(): number {
    return this.#inmates.length - this.#first;
  }

  add(fds: readonly number[]): void {
    this.#inmates.push({ fds, until: performance.now() + this.#holdMs });
    if (this.size > this.#limit) this.#release(1);
    this.#arm();
  }

  /** Closes what has been held long enough, in one call, and waits for the next. */
  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    let due = 0;
    while (due < this.size && (this.#inmates[this.#first + due]?.until ?? 0) <= now) due += 1;
    this.#release(due);
    this.#arm();
  }

  #release(count: number): void {
    const end = this.#first + count;
    const leaving = this.#inmates.slice(this.#first, end).flatMap((inmate) => inmate.fds);
    this.#first = end;
    // Moves the rest only when at least as many have left: constant time for each on average.
    if (this.#first * 2 >= this.#inmates.length) {
      this.#inmates = this.#inmates.slice(this.#first);
      this.#first = 0;
    }
    if (leaving.length > 0) this.#close(leaving);
  }

  #arm(): void {
    const oldest = this.#inmates[this.#first];
    if (this.#timer !== undefined || oldest === undefined) return;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(0, oldest.until - performance.now()));
    // Descriptors that wait to be closed are no reason for the process to stay.
    this.#timer.unref();
  }
}
