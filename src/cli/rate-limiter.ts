import { setTimeout as delay } from 'node:timers/promises';

/** Pieces into which a second's bytes are cut, so that the rate is even. */
const PIECES_PER_SECOND = 10;
/** Cutting finer than this costs more than it evens out. */
const MIN_PIECE_BYTES = 256;

/**
 * Passes bytes on at a limited rate, by not asking its source for more: back-pressure does the rest. One limiter for each
 * transfer, as in curl.
 */
export class RateLimiter {
  readonly #bytesPerSecond: number;
  readonly #signal: AbortSignal;

  constructor(bytesPerSecond: number, signal: AbortSignal) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#signal = signal;
  }

  /** @throws AbortError when the signal ends the wait */
  async *pace(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieceBytes = Math.max(MIN_PIECE_BYTES, Math.floor(this.#bytesPerSecond / PIECES_PER_SECOND));
    let due = performance.now();
    for await (const chunk of source) {
      for (let offset = 0; offset < chunk.length; offset += pieceBytes) {
        const piece = chunk.subarray(offset, offset + pieceBytes);
        yield piece;
        // A source that was slower than the limit does not earn a burst.
        due = Math.max(due, performance.now()) + (piece.length / this.#bytesPerSecond) * 1000;
        const wait = due - performance.now();
        // A timer is no finer than this: at high rates several pieces wait together.
        if (wait >= 1) await delay(wait, undefined, { signal: this.#signal });
      }
    }
  }
}
