import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. Of a connection that moves any packets at all, the numbers are others after this time. */
const PERIOD_MS = 1;

/**
 * Gathers something at most once a millisecond: a program that asks again and again waits for the network in between,
 * and those who ask at the same time share one answer. The first is gathered at once.
 */
export class Paced<Answer> {
  readonly #gather: () => Promise<Answer>;
  /** Not begun yet: whoever asks meanwhile gets it too. */
  #coming: Promise<Answer> | undefined;
  /** Of performance.now(). */
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(gather: () => Promise<Answer>) {
    this.#gather = gather;
  }

  /** @returns what was gathered after this call */
  next(): Promise<Answer> {
    this.#coming ??= this.#run();
    return this.#coming;
  }

  async #run(): Promise<Answer> {
    if (performance.now() - this.#lastAt < PERIOD_MS) await sleep(PERIOD_MS);
    // Those that are asked for in this turn as well are still the same ones.
    else await Promise.resolve();
    this.#coming = undefined;
    this.#lastAt = performance.now();
    return await this.#gather();
  }
}
