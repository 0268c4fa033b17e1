import type { HttpTransaction } from './http-transaction.js';

/** Settled requests that may lie in the lanes before they are swept out. */
const SWEEP_SLACK = 64;

/** First in, first out, in constant time. */
class Lane {
  #items: (HttpTransaction | undefined)[] = [];
  #head = 0;

  push(transaction: HttpTransaction): void {
    this.#items.push(transaction);
  }

  shift(): HttpTransaction | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head * 2 > this.#items.length && this.#head > SWEEP_SLACK) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out the first `limit` that `wanted` chooses; looks at each once. */
  extract(wanted: (transaction: HttpTransaction) => boolean, limit: number): HttpTransaction[] {
    const taken: HttpTransaction[] = [];
    const kept: HttpTransaction[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) {
      if (taken.length < limit && wanted(item)) taken.push(item);
      else kept.push(item);
    }
    this.#items = kept;
    return taken;
  }
}

/**
 * The requests of a pool that wait for a connection, in order: those that need a connection of the pool's own, those that come
 * back from another connection, and the new ones. Aborted ones are swept out in passing: all operations are in constant time,
 * amortised, except {@link takeEarly}.
 */
export class WaitingRequests {
  readonly #own = new Lane();
  readonly #again = new Lane();
  readonly #fresh = new Lane();
  #size = 0;
  #ownSize = 0;
  /** Settled, and still in a lane. */
  #gone = 0;

  get size(): number {
    return this.#size;
  }

  /** Those that only a connection of the pool's own can take. */
  get ownSize(): number {
    return this.#ownSize;
  }

  /** @param again it was on a connection before, so that it goes ahead of those that never were */
  push(transaction: HttpTransaction, again: boolean): void {
    this.#size += 1;
    if (transaction.placement.own) {
      this.#ownSize += 1;
      this.#own.push(transaction);
    } else (again ? this.#again : this.#fresh).push(transaction);
  }

  /** The next; `own`: for a connection of the pool's own. */
  take(own: boolean): HttpTransaction | undefined {
    const taken =
      (own && this.#ownSize > 0 ? this.#next(this.#own) : undefined) ??
      this.#next(this.#again) ??
      this.#next(this.#fresh);
    if (taken !== undefined) this.#removed(taken);
    return taken;
  }

  /** Up to `limit` requests that may go in 0-RTT. */
  takeEarly(limit: number): HttpTransaction[] {
    this.#sweep();
    const early = ({ safeForEarlyData, placement }: HttpTransaction): boolean => safeForEarlyData && !placement.last;
    const taken: HttpTransaction[] = [];
    for (const lane of [this.#own, this.#again, this.#fresh]) taken.push(...lane.extract(early, limit - taken.length));
    for (const transaction of taken) this.#removed(transaction);
    return taken;
  }

  /** All, or only those that need a connection of the pool's own. */
  takeAll(which: 'all' | 'own' = 'all'): HttpTransaction[] {
    const taken: HttpTransaction[] = [];
    for (const lane of which === 'own' ? [this.#own] : [this.#own, this.#again, this.#fresh]) {
      for (let next = this.#next(lane); next !== undefined; next = this.#next(lane)) {
        this.#removed(next);
        taken.push(next);
      }
    }
    return taken;
  }

  /** A waiting request was settled: it is out of the count at once, and out of memory soon. */
  settled(transaction: HttpTransaction): void {
    this.#removed(transaction);
    this.#gone += 1;
    if (this.#gone > this.#size + SWEEP_SLACK) this.#sweep();
  }

  #next(lane: Lane): HttpTransaction | undefined {
    for (let item = lane.shift(); item !== undefined; item = lane.shift()) {
      if (!item.settled) return item;
      this.#gone -= 1;
    }
    return undefined;
  }

  #removed(transaction: HttpTransaction): void {
    this.#size -= 1;
    if (transaction.placement.own) this.#ownSize -= 1;
  }

  #sweep(): void {
    if (this.#gone === 0) return;
    for (const lane of [this.#own, this.#again, this.#fresh]) {
      lane.extract((transaction) => transaction.settled, Number.POSITIVE_INFINITY);
    }
    this.#gone = 0;
  }
}
