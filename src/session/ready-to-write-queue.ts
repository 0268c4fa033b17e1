/**
 * Streams with something to send, a new request or more of a body: necko's mReadyForWrite.
 *
 * The most urgent first (RFC 9218 4.1), and first in, first out within an urgency: a large upload of low urgency does not
 * hold back a new request of high urgency. A stream is in it at most once.
 */
export class ReadyToWriteQueue<Stream extends object> {
  readonly #levels: readonly Set<Stream>[] = Array.from({ length: URGENCY_LEVELS }, () => new Set<Stream>());
  readonly #urgencyOf: (stream: Stream) => number;
  #size = 0;

  constructor(urgencyOf: (stream: Stream) => number) {
    this.#urgencyOf = urgencyOf;
  }

  get size(): number {
    return this.#size;
  }

  add(stream: Stream): void {
    const level = this.#levels[this.#urgencyOf(stream)];
    if (level === undefined || level.has(stream)) return;
    level.add(stream);
    this.#size += 1;
  }

  delete(stream: Stream): void {
    for (const level of this.#levels) {
      if (level.delete(stream)) this.#size -= 1;
    }
  }

  clear(): void {
    for (const level of this.#levels) level.clear();
    this.#size = 0;
  }

  /** Hands out what is in the queue now. A stream that is added while its turn is on comes in the next drain. */
  drain(visit: (stream: Stream) => void): void {
    if (this.#size === 0) return;
    for (const level of this.#levels) {
      let left = level.size;
      for (const stream of level) {
        if (left-- === 0) break;
        level.delete(stream);
        this.#size -= 1;
        visit(stream);
      }
    }
  }
}

/** Urgencies 0 to 7 (RFC 9218 4.1). */
const URGENCY_LEVELS = 8;
