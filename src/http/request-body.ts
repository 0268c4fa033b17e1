import { InvalidArgumentError } from '../errors.js';

/** What a request body can be made of. A stream is any async iterable of bytes, a Node Readable or a web ReadableStream. */
export type BodyInit = string | ArrayBufferView | ArrayBuffer | AsyncIterable<unknown> | Iterable<unknown>;

/**
 * The pipe between whoever has the body and the stream that sends it. One chunk is held at a time: the next is asked for
 * when neqo has taken the whole of it, so that a peer that stops reading stops the source.
 */
export interface RequestBody {
  /** Bytes, where known beforehand. */
  readonly length: number | undefined;
  /** Nothing was taken from the source yet, or all of it can be given again. */
  readonly replayable: boolean;
  /** The source is at its end and everything was taken. */
  readonly ended: boolean;
  /** Why the source failed. */
  readonly error: Error | undefined;
  /** `onReadable` is called when there is a chunk, the end or an error, after `current` had nothing. */
  start(onReadable: () => void): void;
  /** The bytes that are next, or undefined if none are there now. */
  current(): Uint8Array | undefined;
  /** The first `count` bytes of `current()` were taken. */
  consume(count: number): void;
  /** Begins anew; only if `replayable`. */
  rewind(): void;
  /** Nobody wants the rest. `error` undefined: the request succeeded without it. */
  discard(error: Error | undefined): void;
}

/** A body that is there as a whole; sent again as often as needed. */
export class BufferBody implements RequestBody {
  readonly error = undefined;
  readonly replayable = true;
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get length(): number {
    return this.#data.length;
  }

  get ended(): boolean {
    return this.#position === this.#data.length;
  }

  start(): void {
    // Everything is there already.
  }

  current(): Uint8Array | undefined {
    return this.ended ? undefined : this.#data.subarray(this.#position);
  }

  consume(count: number): void {
    this.#position += count;
  }

  rewind(): void {
    this.#position = 0;
  }

  discard(): void {
    this.#position = this.#data.length;
  }
}

/** What streams have besides their iterators. */
interface StreamSource {
  /** A Readable's. */
  on(event: 'error', listener: () => void): void;
  destroy(error: Error | undefined): void;
  /** A ReadableStream's. */
  getReader(): Pick<ReadableStreamDefaultReader, 'read' | 'cancel'>;
  cancel(reason: Error | undefined): unknown;
}

/** A body that nobody wants any more fails unheard. */
async function unheard(end: () => unknown): Promise<void> {
  try {
    await end();
  } catch {
    // The request has ended for another reason already.
  }
}

/** A body pulled from an iterator, a chunk at a time. */
export class IterableBody implements RequestBody {
  readonly length = undefined;
  readonly #source: AsyncIterable<unknown> | Iterable<unknown>;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #onReadable: () => void = () => undefined;
  #chunk: Uint8Array | undefined;
  #pulling = false;
  #finished = false;
  #discarded = false;
  #error: Error | undefined;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>) {
    this.#source = source;
  }

  get replayable(): boolean {
    return this.#iterator === undefined && !this.#discarded;
  }

  get ended(): boolean {
    return this.#finished && this.#chunk === undefined;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  start(onReadable: () => void): void {
    this.#onReadable = onReadable;
    // Nobody else may listen: a Readable that fails before it is read, or ends with its request, would end the process.
    (this.#source as Partial<StreamSource>).on?.('error', () => undefined);
  }

  current(): Uint8Array | undefined {
    if (this.#chunk === undefined && !this.#finished) void this.#pull();
    return this.#chunk;
  }

  consume(count: number): void {
    if (this.#chunk === undefined) return;
    this.#chunk = count === this.#chunk.length ? undefined : this.#chunk.subarray(count);
  }

  rewind(): void {
    // Only called before anything was pulled.
  }

  discard(error: Error | undefined): void {
    if (this.#discarded) return;
    this.#discarded = true;
    const ended = this.#finished && this.#error === undefined;
    this.#finished = true;
    this.#chunk = undefined;
    if (!ended) void unheard(() => this.#endSource(error));
  }

  #endSource(error: Error | undefined): unknown {
    const source = this.#source as Partial<StreamSource>;
    // A stream is told directly: its iterator may never have been begun, or be stuck in a read that does not end.
    if (typeof source.destroy === 'function') return source.destroy(error);
    if (typeof source.cancel === 'function' && this.#iterator === undefined) return source.cancel(error);
    // Lets a generator run its finally blocks.
    return this.#iterator?.return?.(error);
  }

  async #pull(): Promise<void> {
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      this.#iterator ??= iterate(this.#source);
      let chunk: Uint8Array | undefined;
      // Empty chunks say nothing; they are skipped.
      while (chunk === undefined || chunk.length === 0) {
        const result = await this.#iterator.next();
        if (this.#discarded) return;
        if (result.done === true) {
          this.#finished = true;
          chunk = undefined;
          break;
        }
        chunk = toBytes(result.value);
      }
      this.#chunk = chunk;
    } catch (error) {
      if (this.#discarded) return;
      this.#finished = true;
      this.#error = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#pulling = false;
    }
    this.#onReadable();
  }
}

/** A body that is pushed, as from a Writable: each chunk's callback is called when neqo has taken the whole of it. */
export class PushBody implements RequestBody {
  readonly length = undefined;
  readonly error = undefined;
  #onReadable: () => void = () => undefined;
  #chunk: Uint8Array | undefined;
  #callback: ((error?: Error | null) => void) | undefined;
  #ending = false;
  #taken = false;
  #discarded: { readonly error: Error | undefined } | undefined;

  get replayable(): boolean {
    return !this.#taken && this.#discarded === undefined;
  }

  get ended(): boolean {
    return this.#ending && this.#chunk === undefined;
  }

  /** One chunk at a time: the next only after `callback`. */
  push(chunk: Uint8Array, callback: (error?: Error | null) => void): void {
    if (this.#discarded !== undefined) {
      callback(this.#discarded.error);
      return;
    }
    if (chunk.length === 0) {
      callback();
      return;
    }
    this.#chunk = chunk;
    this.#callback = callback;
    this.#onReadable();
  }

  end(): void {
    this.#ending = true;
    this.#onReadable();
  }

  start(onReadable: () => void): void {
    this.#onReadable = onReadable;
  }

  current(): Uint8Array | undefined {
    return this.#chunk;
  }

  consume(count: number): void {
    if (this.#chunk === undefined) return;
    this.#taken = true;
    if (count < this.#chunk.length) {
      this.#chunk = this.#chunk.subarray(count);
      return;
    }
    this.#settle(undefined);
  }

  rewind(): void {
    // Only called before anything was taken.
  }

  discard(error: Error | undefined): void {
    this.#discarded ??= { error };
    this.#settle(error);
  }

  /** The callback runs user code: never on the stack of one who drives neqo. */
  #settle(error: Error | undefined): void {
    const callback = this.#callback;
    this.#chunk = undefined;
    this.#callback = undefined;
    if (callback !== undefined) process.nextTick(callback, error);
  }
}

/** @throws InvalidArgumentError if `body` is nothing that a body can be made of */
export function toRequestBody(body: BodyInit): RequestBody {
  const bytes = asBytes(body);
  if (bytes !== undefined) return new BufferBody(bytes);
  if (isIterable(body)) return new IterableBody(body);
  throw new InvalidArgumentError('body: must be a string, bytes, a stream or an iterable of bytes');
}

/** @throws TypeError for a chunk that is neither a string nor bytes */
export function toBytes(chunk: unknown): Uint8Array {
  const bytes = asBytes(chunk);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    `A chunk of a request body must be a string or bytes, not ${chunk === null ? 'null' : typeof chunk}`,
  );
}

/** A string in UTF-8, or a view of the same memory; undefined for anything else. */
export function asBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return undefined;
}

export function isIterable(body: object | string): body is AsyncIterable<unknown> | Iterable<unknown> {
  return Symbol.asyncIterator in Object(body) || Symbol.iterator in Object(body);
}

function iterate(source: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterator<unknown> | Iterator<unknown> {
  const reader = (source as Partial<StreamSource>).getReader?.();
  if (reader !== undefined) {
    // Unlike `return` of the stream's own iterator, `cancel` does not wait for a read that never ends.
    return {
      next: () => reader.read(),
      return: async (reason) => {
        await reader.cancel(reason);
        return { done: true, value: undefined };
      },
    };
  }
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}
