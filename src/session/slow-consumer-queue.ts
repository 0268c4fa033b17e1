/**
 * Streams whose consumers were too slow and have room again: necko's mSlowConsumersReadyForRead.
 *
 * First in, first out; a stream is in it at most once, so it never holds more than the session has streams.
 */
export class SlowConsumerQueue<Stream extends object> {
  readonly #streams = new Set<Stream>();

  get size(): number {
    return this.#streams.size;
  }

  add(stream: Stream): void {
    this.#streams.add(stream);
  }

  delete(stream: Stream): void {
    this.#streams.delete(stream);
  }

  clear(): void {
    this.#streams.clear();
  }

  /** Hands out what is in the queue now. A stream that is added while its turn is on comes in the next drain. */
  drain(visit: (stream: Stream) => void): void {
    let left = this.#streams.size;
    for (const stream of this.#streams) {
      if (left-- === 0) return;
      this.#streams.delete(stream);
      visit(stream);
    }
  }
}
