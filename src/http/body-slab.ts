/** Size of the blocks that body bytes are read into. */
const SLAB_BYTES = 64 * 1024;
/** With less room than this left, a new block is begun: reads of a few bytes cost as much as large ones. */
const MIN_READ_BYTES = 16 * 1024;

/**
 * Memory for the bodies that one thread receives. Bytes are read from neqo straight into a block and the consumer gets a view of
 * it; several small bodies share one block, and nothing is copied.
 */
class BodySlab {
  #block = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  get block(): Buffer {
    if (this.#block.length - this.#used < MIN_READ_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    return this.#block;
  }

  get offset(): number {
    return this.#used;
  }

  /** Keeps the `count` bytes that were written at `offset`, and returns a view of them. */
  take(count: number): Buffer {
    const view = this.#block.subarray(this.#used, this.#used + count);
    this.#used += count;
    return view;
  }
}

export const bodySlab = new BodySlab();
