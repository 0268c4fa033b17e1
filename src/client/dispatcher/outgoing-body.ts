import { Readable } from 'node:stream';
import { InvalidArgumentError } from '../../errors.js';
import { BlobBody, type BlobLike, type BodyPart, partsLength, readParts } from '../../http/blob-body.js';
import { asBytes, BufferBody, IterableBody, isIterable, type RequestBody, toBytes } from '../../http/request-body.js';
import { encodeForm, type FormDataLike } from './multipart.js';

/** A request's body, which may have to go one way after it was to go another: nothing of it is read before it is sent. */
export interface OutgoingBody {
  /** Bytes, where known. */
  readonly length: number | undefined;
  readonly empty: boolean;
  /** Nothing was taken from the source yet, or all of it can be given again. */
  readonly replayable: boolean;
  /** What the body itself says it is. */
  readonly contentType: string | undefined;
  /** For an HttpTransaction; undefined if there is no body. */
  forHttp3(): RequestBody | undefined;
  /** For undici. The source is only touched when this is iterated. */
  forTcp(): null | Buffer | AsyncIterable<Uint8Array>;
  /** `onFailure` is called if a source that nobody may be reading fails; such a failure never reaches the process. */
  watch(onFailure: (error: Error) => void): void;
  /** The request has failed: nobody will read the source. */
  discard(error: Error): void;
}

const NO_BODY: OutgoingBody = {
  length: 0,
  empty: true,
  replayable: true,
  contentType: undefined,
  forHttp3: () => undefined,
  forTcp: () => null,
  watch: () => undefined,
  discard: () => undefined,
};

class BytesBody implements OutgoingBody {
  readonly empty = false;
  readonly replayable = true;
  readonly contentType = undefined;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get length(): number {
    return this.#data.length;
  }

  forHttp3(): RequestBody {
    return new BufferBody(this.#data);
  }

  forTcp(): Buffer {
    const { buffer, byteOffset, byteLength } = this.#data;
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  watch(): void {
    // It cannot fail.
  }

  discard(): void {
    // Nothing is held that would have to be closed.
  }
}

/** Blobs and forms. */
class PartsBody implements OutgoingBody {
  readonly empty = false;
  readonly replayable = true;
  readonly length: number;
  readonly contentType: string | undefined;
  readonly #parts: readonly BodyPart[];

  constructor(parts: readonly BodyPart[], contentType: string | undefined) {
    this.#parts = parts;
    this.length = partsLength(parts);
    this.contentType = contentType;
  }

  forHttp3(): RequestBody {
    return new BlobBody(this.#parts);
  }

  forTcp(): AsyncIterable<Uint8Array> {
    return readParts(this.#parts);
  }

  watch(): void {
    // Blobs fail only when they are read.
  }

  discard(): void {
    // A Blob is not used up.
  }
}

/** What a Node stream has, of any version of it. */
interface NodeStream {
  readonly errored?: Error | null;
  pipe(destination: NodeJS.WritableStream): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  resume?(): unknown;
  destroy?(error: Error | undefined): unknown;
}

/** Streams and iterables. */
class SourceBody implements OutgoingBody {
  readonly empty = false;
  readonly length = undefined;
  readonly contentType = undefined;
  readonly #source: AsyncIterable<unknown> | Iterable<unknown>;
  #http3: IterableBody | undefined;
  #readForTcp = false;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>) {
    this.#source = source;
  }

  get replayable(): boolean {
    return !this.#readForTcp && (this.#http3?.replayable ?? true);
  }

  forHttp3(): RequestBody {
    this.#http3 = new IterableBody(this.#source);
    return this.#http3;
  }

  async *forTcp(): AsyncGenerator<Uint8Array> {
    this.#readForTcp = true;
    for await (const chunk of this.#source) yield toBytes(chunk);
  }

  watch(onFailure: (error: Error) => void): void {
    const source = this.#source as unknown as Partial<NodeStream>;
    if (source.errored) onFailure(source.errored);
    source.on?.('error', onFailure);
  }

  discard(error: Error): void {
    const body = new IterableBody(this.#source);
    // It listens for the error that it ends the source with: a request may end before `watch`.
    body.start(() => undefined);
    body.discard(error);
  }
}

/**
 * What undici takes for a body, with its rules: what is empty is no body, and FormData and Blobs may be of any realm.
 *
 * @throws InvalidArgumentError for anything else
 */
export function toOutgoingBody(body: unknown): OutgoingBody {
  if (body === undefined || body === null) return NO_BODY;
  if (isNodeStream(body)) return new SourceBody(toIterable(body));
  const bytes = asBytes(body);
  if (bytes !== undefined) return bytes.length === 0 ? NO_BODY : new BytesBody(bytes);
  if (typeof body === 'object') {
    if (isFormData(body)) {
      const { parts, contentType } = encodeForm(body);
      return new PartsBody(parts, contentType);
    }
    if (isBlob(body))
      return body.size === 0 ? NO_BODY : new PartsBody([body], body.type === '' ? undefined : body.type);
    if (isIterable(body)) return new SourceBody(body);
  }
  throw new InvalidArgumentError(
    'body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable',
  );
}

function isNodeStream(body: unknown): body is NodeStream {
  return typeof body === 'object' && body !== null && isFunction(body, 'pipe') && isFunction(body, 'on');
}

/** Streams older than async iteration are read through one of today's, from when they are iterated. */
function toIterable(stream: NodeStream): AsyncIterable<unknown> {
  if (isIterable(stream)) return stream as unknown as Readable;
  return Object.assign(readOld(stream), {
    on: (event: 'error', listener: (error: Error) => void) => stream.on(event, listener),
    destroy: (error: Error | undefined) => stream.destroy?.(error),
  });
}

async function* readOld(stream: NodeStream): AsyncGenerator<unknown> {
  const readable = new Readable().wrap(stream as unknown as NodeJS.ReadableStream);
  // Some wait for it although somebody listens.
  stream.resume?.();
  yield* readable;
}

/** undici's test, which does not ask whose class it is. */
function isFormData(body: object): body is FormDataLike {
  const methods = ['append', 'delete', 'get', 'getAll', 'has', 'set'];
  return tagOf(body) === 'FormData' && methods.every((name) => isFunction(body, name));
}

function isBlob(body: object): body is BlobLike {
  const tag = tagOf(body);
  return (tag === 'Blob' || tag === 'File') && (isFunction(body, 'stream') || isFunction(body, 'arrayBuffer'));
}

function tagOf(body: object): unknown {
  return (body as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}

function isFunction(object: object, name: string): boolean {
  return typeof (object as Readonly<Record<string, unknown>>)[name] === 'function';
}
