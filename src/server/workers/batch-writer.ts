import type { MessagePort } from 'node:worker_threads';
import { RECORD_LENGTH, type RecordItem, RecordKind } from './records.js';

/** Chunks below this are copied into the slab that all small chunks of a batch share; larger ones get a buffer of their own. */
const SMALL_CHUNK_BYTES = 16 * 1024;
const SLAB_BYTES = 64 * 1024;
/** Buffers that go to and fro: a chunk of at least half of it is copied into one, and the receiver gives it back. */
export const BLOCK_BYTES = 64 * 1024;
/** Given back, and kept for the chunks to come. */
const MAX_FREE_BLOCKS = 32;

/**
 * Collects the records for one other thread and posts them as one message when the event loop's turn is over: what a message
 * costs (about 20 µs with its wake-up) is then shared by all requests of the turn.
 */
export class BatchWriter {
  readonly #port: MessagePort;
  /** Posted as a copy of the used part, so that a short batch does not pin the whole slab in the receiver. */
  readonly #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  readonly #flush = (): void => this.flush();
  #records: RecordItem[] = [];
  #large: ArrayBuffer[] = [];
  #slabUsed = 0;
  readonly #freeBlocks: ArrayBuffer[] = [];
  #scheduled = false;
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  add(kind: number, stream: number, text: string, a: number, b: number, c: number): void {
    if (this.#closed) return;
    this.#records.push(kind, stream, text, a, b, c);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /**
   * Adds body bytes. A large chunk that is all of its ArrayBuffer is transferred if `exclusive` says that nobody else looks
   * at it: `chunk` is empty afterwards. All other bytes are copied once.
   */
  data(stream: number, chunk: Uint8Array, exclusive: boolean): void {
    if (this.#closed) return;
    const whole = exclusive && chunk.byteLength >= SMALL_CHUNK_BYTES ? wholeBuffer(chunk) : undefined;
    if (whole !== undefined) {
      this.#addLarge(stream, whole, whole.byteLength);
      return;
    }
    for (let at = 0; at < chunk.byteLength; at += BLOCK_BYTES) this.#copy(stream, chunk.subarray(at, at + BLOCK_BYTES));
  }

  /** @param chunk at most {@link BLOCK_BYTES} */
  #copy(stream: number, chunk: Uint8Array): void {
    const length = chunk.byteLength;
    if (length >= SMALL_CHUNK_BYTES) {
      const block = length < BLOCK_BYTES / 2 ? Buffer.allocUnsafeSlow(length) : this.#takeBlock();
      block.set(chunk);
      this.#addLarge(stream, block.buffer, length);
      return;
    }
    if (this.#slabUsed + length > SLAB_BYTES) this.flush();
    this.#slab.set(chunk, this.#slabUsed);
    this.add(RecordKind.DATA, stream, '', 0, this.#slabUsed, length);
    this.#slabUsed += length;
  }

  #addLarge(stream: number, buffer: ArrayBuffer, length: number): void {
    this.#large.push(buffer);
    this.add(RecordKind.DATA, stream, '', this.#large.length, 0, length);
  }

  #takeBlock(): Uint8Array<ArrayBuffer> {
    const free = this.#freeBlocks.pop();
    return free === undefined ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : new Uint8Array(free);
  }

  /** Gives a block back whose bytes were consumed: memory that is in use already costs less than new memory. */
  giveBack(block: ArrayBuffer): void {
    if (this.#closed) return;
    this.#large.push(block);
    this.add(RecordKind.BLOCK, 0, '', this.#large.length, 0, 0);
  }

  /** Takes a block that the other side gave back. */
  keepBlock(block: ArrayBuffer): void {
    if (this.#freeBlocks.length < MAX_FREE_BLOCKS) this.#freeBlocks.push(block);
  }

  /** Ends a body; with its last chunk if that was added just before. */
  end(stream: number): void {
    const last = this.#records.length - RECORD_LENGTH;
    if (last >= 0 && this.#records[last] === RecordKind.DATA && this.#records[last + 1] === stream) {
      this.#records[last] = RecordKind.DATA_END;
    } else {
      this.add(RecordKind.END, stream, '', 0, 0, 0);
    }
  }

  /** Posts what was collected, at once. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed || this.#records.length === 0) return;
    const slab = this.#slabUsed === 0 ? undefined : this.#slab.buffer.slice(0, this.#slabUsed);
    const large = this.#large;
    this.#port.postMessage([this.#records, slab, ...large], slab === undefined ? large : [slab, ...large]);
    this.#records = [];
    this.#large = [];
    this.#slabUsed = 0;
  }

  /** The other thread is gone: nothing is posted any more. */
  close(): void {
    this.#closed = true;
    this.#records = [];
    this.#large = [];
  }
}

/** The chunk's ArrayBuffer, if the chunk is all of it. */
function wholeBuffer(chunk: Uint8Array): ArrayBuffer | undefined {
  const { buffer } = chunk;
  return buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength ? buffer : undefined;
}
