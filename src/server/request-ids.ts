/** Ids of requests are multiples of 4 (RFC 9000 2.1), and come nearly in order. */
const STEP = 4;
/** Ids passed over that are remembered; a client can make more of them only by giving up its own requests. */
const MAX_PASSED_OVER = 1024;

/** Which requests of a connection its session has heard of, without a memory of each. */
export class RequestIds {
  /** Below it all are known, save those in `#passedOver`. */
  #next = 0;
  readonly #passedOver = new Set<number>();

  /** @returns whether this is the first that is heard of the request */
  add(id: number): boolean {
    if (id < this.#next) return this.#passedOver.delete(id);
    for (; this.#next < id; this.#next += STEP) this.#passOver(this.#next);
    this.#next = id + STEP;
    return true;
  }

  #passOver(id: number): void {
    this.#passedOver.add(id);
    if (this.#passedOver.size <= MAX_PASSED_OVER) return;
    for (const oldest of this.#passedOver) {
      this.#passedOver.delete(oldest);
      return;
    }
  }
}
