import { H3_ERROR, type Http3Error, ResponseContentLengthMismatchError, ResponseError } from '../errors.js';
import { NativeResult } from '../native.js';
import type { ResponseSection } from './response-section.js';
import type { StreamSession } from './stream-session.js';

/** Chunks that wait together are sent as one if they are no larger than this: a copy is cheaper than a call for each. */
const MAX_JOINED_BYTES = 128 * 1024;

type Callback = (error?: Error | null) => void;

/** The client does not accept a header section of this size (RFC 9114 4.2.2); nothing of it was sent. */
export class HeadersTooLargeError extends ResponseError {
  constructor() {
    super('ERR_HTTP3_HEADERS_TOO_LARGE', 'The header section exceeds what the client accepts', {
      errorCode: H3_ERROR.H3_INTERNAL_ERROR,
      errorName: 'H3_INTERNAL_ERROR',
    });
  }
}

/** What the writer needs to know of the stream it writes for. */
export interface WriterStream {
  readonly id: number;
  /** `end` was called. */
  readonly writableEnded: boolean;
  /** Bytes written and not yet confirmed. */
  readonly writableLength: number;
  /** The last byte of the body is there: calls the user, who may call `sendTrailers`. */
  wantTrailers(): void;
}

/**
 * The sending half of a request stream. It collects what the user gives in one turn, so that a short response, from its
 * head to FIN, is one call of the engine.
 */
export class ResponseWriter {
  readonly #session: StreamSession;
  readonly #stream: WriterStream;
  #interim: string[] | undefined;
  #head: string | undefined;
  #chunk: Uint8Array | undefined;
  /** Bytes of the chunk that the engine has taken. */
  #offset = 0;
  /** Chunks of the same write after `#chunk`. */
  #more: Uint8Array[] | undefined;
  /** Bytes of the write that the callback is for. */
  #writeLength = 0;
  #onWritten: Callback | undefined;
  #onFinal: Callback | undefined;
  #trailersAsked = false;
  /** What ends the stream; '' for no trailers, undefined while the user has not said. */
  #trailers: string | undefined = '';
  #responded = false;
  #expectedLength: number | undefined;
  #length = 0;
  #bodiless = false;
  #finSent = false;
  /** The engine takes no more on this stream. */
  #gone = false;

  constructor(session: StreamSession, stream: WriterStream) {
    this.#session = session;
    this.#stream = stream;
  }

  /** The engine has all of the response, its end included. */
  get finSent(): boolean {
    return this.#finSent;
  }

  /** What is written is dropped. */
  get bodiless(): boolean {
    return this.#bodiless;
  }

  interim({ text }: ResponseSection): void {
    this.#interim ??= [];
    this.#interim.push(text);
  }

  respond({ text, contentLength }: ResponseSection, bodiless: boolean, waitForTrailers: boolean): void {
    this.#head = text;
    this.#responded = true;
    this.#bodiless = bodiless;
    if (waitForTrailers) this.#trailers = undefined;
    if (!bodiless) this.#expectedLength = contentLength;
  }

  /** One write at a time: the next only after `callback`. @returns an error if it is not possible */
  write(chunk: Uint8Array, callback: Callback): Http3Error | undefined {
    this.#length += chunk.length;
    const expected = this.#expectedLength;
    if (expected !== undefined && this.#length > expected) {
      return new ResponseContentLengthMismatchError(
        `The response body is longer than its content-length of ${expected}`,
      );
    }
    this.#chunk = chunk;
    this.#offset = 0;
    this.#writeLength = chunk.length;
    this.#onWritten = callback;
    return undefined;
  }

  /** As {@link write}, for several chunks. */
  writeAll(chunks: readonly Uint8Array[], callback: Callback): Http3Error | undefined {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    if (length <= MAX_JOINED_BYTES) return this.write(Buffer.concat(chunks, length), callback);
    const [first = Buffer.alloc(0), ...more] = chunks;
    this.#length += length - first.length;
    const error = this.write(first, callback);
    this.#more = more;
    this.#writeLength = length;
    return error;
  }

  /** Nothing more is written; `callback` when the engine has all of it. */
  final(callback: Callback): void {
    this.#onFinal = callback;
  }

  /** @param text '' for none */
  trailers(text: string): void {
    this.#trailers = text;
  }

  /** Gives the engine what it takes. @throws Http3Error if the body does not fit its content-length, the head not the client */
  flush(): void {
    if (this.#gone || this.#finSent) {
      this.#settle();
      return;
    }
    this.#sendInterim();
    const last = this.#isLast();
    if (last) {
      this.#checkLength();
      this.#askForTrailers();
    }
    // FIN goes with the last bytes, or with the trailers.
    this.#sendHeadAndBody(last && this.#trailers === '');
    const bodySent = this.#head === undefined && this.#chunk === undefined;
    if (bodySent && last && this.#trailers !== undefined && !this.#finSent) this.#sendEnd(this.#trailers);
    if (bodySent || this.#gone) this.#settle();
  }

  /** The stream ends before the response does. */
  abandon(error: Error | null): void {
    this.#gone = true;
    this.#chunk = undefined;
    this.#more = undefined;
    const onWritten = this.#onWritten;
    this.#onWritten = undefined;
    // What ends in user code never runs on the stack of one who drives neqo.
    if (onWritten !== undefined) process.nextTick(onWritten, error ?? closedError());
    const onFinal = this.#onFinal;
    this.#onFinal = undefined;
    if (onFinal !== undefined) process.nextTick(onFinal, error ?? closedError());
  }

  /** All of the body is here. */
  #isLast(): boolean {
    if (!this.#responded) return false;
    const { writableEnded, writableLength } = this.#stream;
    return this.#bodiless || this.#onFinal !== undefined || (writableEnded && writableLength === this.#writeLength);
  }

  #askForTrailers(): void {
    if (this.#trailers !== undefined || this.#trailersAsked) return;
    this.#trailersAsked = true;
    this.#stream.wantTrailers();
  }

  #checkLength(): void {
    const expected = this.#expectedLength;
    if (expected === undefined || this.#length === expected) return;
    throw new ResponseContentLengthMismatchError(
      `The response body has ${this.#length} bytes instead of its content-length of ${expected}`,
    );
  }

  #sendInterim(): void {
    const interim = this.#interim;
    if (interim === undefined) return;
    this.#interim = undefined;
    const { engine, handle } = this.#session;
    for (const text of interim) this.#taken(engine.respond(handle, this.#stream.id, text, undefined, 0, 0, false));
  }

  #sendHeadAndBody(fin: boolean): void {
    const { engine, handle } = this.#session;
    const { id } = this.#stream;
    while (!this.#gone) {
      const head = this.#head;
      const chunk = this.#chunk;
      if (head === undefined && chunk === undefined) return;
      const offset = this.#offset;
      const left = chunk === undefined ? 0 : chunk.length - offset;
      const end = fin && this.#more === undefined;
      this.#head = undefined;
      const taken =
        head !== undefined
          ? this.#taken(engine.respond(handle, id, head, chunk, offset, left, end))
          : this.#taken(engine.sendData(handle, id, chunk ?? EMPTY, offset, left, end));
      if (taken < left) {
        this.#offset = offset + taken;
        return;
      }
      this.#finSent = end && !this.#gone;
      this.#nextChunk();
    }
  }

  #nextChunk(): void {
    this.#offset = 0;
    this.#chunk = this.#more?.shift();
    if (this.#more?.length === 0) this.#more = undefined;
  }

  #sendEnd(trailers: string): void {
    if (this.#gone) return;
    const { engine, handle } = this.#session;
    const { id } = this.#stream;
    this.#taken(trailers === '' ? engine.endStream(handle, id) : engine.sendTrailers(handle, id, trailers));
    this.#finSent = !this.#gone;
  }

  /**
   * A negative result: that half is closed already, and RESET, STOP_SENDING or the connection's end comes next.
   *
   * @throws HeadersTooLargeError if it was a header section that the client does not accept
   */
  #taken(result: number): number {
    if (this.#session.check(result, 'respond') >= 0) return result;
    if (result === NativeResult.TOO_MUCH_DATA) throw new HeadersTooLargeError();
    this.#gone = true;
    return 0;
  }

  /** What was written is with the engine. */
  #settle(): void {
    const onWritten = this.#onWritten;
    this.#onWritten = undefined;
    this.#writeLength = 0;
    if (onWritten !== undefined) process.nextTick(onWritten);
    if (!this.#finSent && !this.#gone) return;
    const onFinal = this.#onFinal;
    this.#onFinal = undefined;
    if (onFinal !== undefined) process.nextTick(onFinal);
  }
}

const EMPTY = Buffer.alloc(0);

function closedError(): Error {
  return new ResponseError('ERR_HTTP3_INVALID_STREAM', 'The stream was closed before the response was complete');
}
