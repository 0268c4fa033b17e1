import { IterableBody, type RequestBody } from './request-body.js';

/** A Blob of any realm or library. */
export interface BlobLike {
  readonly size: number;
  readonly type?: string;
  stream?(): AsyncIterable<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Bytes that are there, or that a Blob has. */
export type BodyPart = Uint8Array | BlobLike;

/** Total length of the parts in bytes. */
export function partsLength(parts: readonly BodyPart[]): number {
  return parts.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part.size), 0);
}

/** The parts' bytes, one part after the other, a Blob's as they are read. */
export async function* readParts(parts: readonly BodyPart[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part;
    else if (typeof part.stream === 'function') yield* part.stream() as AsyncIterable<Uint8Array>;
    else yield new Uint8Array(await part.arrayBuffer());
  }
}

/** A body made of Blobs, which are read anew as often as needed. */
export class BlobBody implements RequestBody {
  readonly #parts: readonly BodyPart[];
  #reading: IterableBody;
  #onReadable: () => void = () => undefined;
  #discarded = false;

  constructor(parts: readonly BodyPart[]) {
    this.#parts = parts;
    this.#reading = new IterableBody(readParts(parts));
  }

  get length(): number {
    return partsLength(this.#parts);
  }

  get replayable(): boolean {
    return !this.#discarded;
  }

  get ended(): boolean {
    return this.#reading.ended;
  }

  get error(): Error | undefined {
    return this.#reading.error;
  }

  start(onReadable: () => void): void {
    this.#onReadable = onReadable;
    this.#reading.start(onReadable);
  }

  current(): Uint8Array | undefined {
    return this.#reading.current();
  }

  consume(count: number): void {
    this.#reading.consume(count);
  }

  rewind(): void {
    this.#reading.discard(undefined);
    this.#reading = new IterableBody(readParts(this.#parts));
    this.#reading.start(this.#onReadable);
  }

  discard(error: Error | undefined): void {
    this.#discarded = true;
    this.#reading.discard(error);
  }
}
