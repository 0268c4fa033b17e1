import { ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { ServerHttp3Stream } from '../server-types.js';
import {
  alreadyFinishedError,
  destroyedError,
  headersSentError,
  invalidArgumentTypeError,
  invalidStatusError,
  writeAfterEndError,
} from './message-errors.js';
import { OutgoingFlow } from './outgoing-flow.js';
import { addFields, addList, emptySection, type HeadFields, makeHead, warnOfStatusMessage } from './response-head.js';
import type { Http3ServerRequest } from './server-request.js';

type Callback = (error?: Error | null) => void;

const CONTINUE = 100;
const PROCESSING = 102;
const EARLY_HINTS = 103;
/** Statuses of responses without a body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
const BODILESS = new Set([204, 205, 304]);

/** Node 24's own accessor asks the connection of HTTP/1.1; that of Node 20 and 22 is the same as this. */
const WRITABLE_FINISHED: PropertyDescriptor = {
  configurable: true,
  get(this: ServerResponse): boolean {
    return this.finished && (this.socket?.writableLength ?? 0) === 0;
  },
};

/**
 * A response as node:http's listeners know it: a ServerResponse that writes to an HTTP/3 stream.
 *
 * It is a real ServerResponse, whose header methods it inherits, and its other methods are properties of its own, because
 * Express gives each response a prototype made of ServerResponse's.
 *
 * Unlike HTTP/1.1: `statusMessage` is ignored and connection-specific headers are dropped, with one warning each; no
 * content-length is computed and nothing is chunked. Unlike node:http2's: 'finish' comes only if the whole response was
 * given to the connection; when the client goes away before that, 'close' comes alone.
 */
export class Http3ServerResponse extends ServerResponse<Http3ServerRequest> {
  declare _header: string | null;
  declare _hasBody: boolean;
  declare _closed: boolean;
  readonly #flow: OutgoingFlow;
  /** `write`, `end` or `flushHeaders` sends the head that it asks `writeHead` for. */
  #sending = false;

  constructor(request: Http3ServerRequest) {
    super(request);
    const methods = Http3ServerResponse.prototype as this;
    this.write = methods.write;
    this.end = methods.end;
    this.writeHead = methods.writeHead;
    this.flushHeaders = methods.flushHeaders;
    this.addTrailers = methods.addTrailers;
    this.writeContinue = methods.writeContinue;
    this.writeProcessing = methods.writeProcessing;
    this.writeEarlyHints = methods.writeEarlyHints;
    this.cork = methods.cork;
    this.uncork = methods.uncork;
    this.destroy = methods.destroy;
    Object.defineProperty(this, 'writableFinished', WRITABLE_FINISHED);
    // Read-only in the types: node:http sets it by assignSocket, which has a socket's life in mind.
    (this as { socket: unknown }).socket = request.socket;
    this.#flow = new OutgoingFlow(this, request.stream);
  }

  /** The response's stream. A head that `writeHead` has decided is sent first. */
  get stream(): ServerHttp3Stream {
    this.#flow.sendHead();
    return this.#flow.stream;
  }

  /**
   * Decides status and headers. They are sent with the first bytes of the body, or when the current turn is over.
   *
   * @throws ResponseError ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_STATUS_CODE; what setHeader throws
   */
  override writeHead(statusCode: number, reason?: string | HeadFields | null, headers?: HeadFields): this {
    if (this._header !== null) throw headersSentError('write');
    const status = Math.trunc(Number(statusCode));
    // Interim responses have methods of their own.
    if (!(status >= 200 && status <= 599)) throw invalidStatusError(statusCode);
    const hasReason = typeof reason === 'string';
    if (hasReason || this.statusMessage) warnOfStatusMessage();
    this.#flow.head = makeHead(this, status, hasReason ? headers : (headers ?? reason ?? undefined));
    this.statusCode = status;
    this._header = 'HTTP/3';
    if (BODILESS.has(status)) this._hasBody = false;
    if (!this.#sending) this.#flow.sendHeadSoon();
    return this;
  }

  override flushHeaders(): void {
    this.#decideHead();
    this.#flow.sendHead();
  }

  // Frameworks give null for what they leave out.

  override write(chunk: unknown, encoding?: BufferEncoding | Callback | null, callback?: Callback | null): boolean {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding);
    checkChunk(chunk);
    if (this.finished) {
      process.nextTick(fail, this, writeAfterEndError(), callback);
      return false;
    }
    this.#decideHead();
    this.#flow.sendHead();
    if (this.#flow.gone) {
      if (callback) process.nextTick(callback, destroyedError());
      return false;
    }
    if (this._hasBody) return this.#flow.write(chunk, encoding ?? 'utf8', callback ?? undefined);
    if (callback) process.nextTick(callback);
    return true;
  }

  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void) | null, callback?: (() => void) | null): this {
    if (typeof chunk === 'function') return this.end(undefined, undefined, chunk as () => void);
    if (typeof encoding === 'function') return this.end(chunk, undefined, encoding);
    const body = chunk ?? undefined;
    if (body !== undefined) checkChunk(body);
    if (this.finished) {
      this.#endAgain(body !== undefined, callback);
      return this;
    }
    this.#decideHead();
    this.finished = true;
    if (callback) this.once('finish', callback);
    this.#flow.end(body, encoding ?? 'utf8');
    return this;
  }

  /** Fields for after the body. Names and values are checked as setHeader does. */
  override addTrailers(headers: OutgoingHttpHeaders | ReadonlyArray<[string, string]>): void {
    const trailers = this.#flow.trailers ?? emptySection();
    if (Array.isArray(headers)) addList(trailers, headers);
    else addFields(trailers, headers as OutgoingHttpHeaders);
    this.#flow.trailers = trailers;
  }

  override writeContinue(callback?: () => void): void {
    this.#sendInterim(CONTINUE, emptySection(), callback);
  }

  override writeProcessing(callback?: () => void): void {
    this.#sendInterim(PROCESSING, emptySection(), callback);
  }

  /**
   * An interim response 103 (RFC 8297). Without a `link` nothing is sent.
   *
   * @throws what setHeader throws
   */
  override writeEarlyHints(hints: Record<string, string | string[]>, callback?: () => void): void {
    const section = emptySection();
    addFields(section, hints);
    const { link } = section;
    if (link === undefined || (Array.isArray(link) && link.length === 0)) return;
    section.link = Array.isArray(link) ? link.join(', ') : link;
    this.#sendInterim(EARLY_HINTS, section, callback);
  }

  override cork(): void {
    this.#flow.stream.cork();
  }

  override uncork(): void {
    this.#flow.stream.uncork();
  }

  override destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#flow.stream.destroy(error);
    return this;
  }

  /** Without a head, decides on one, through `writeHead`: middleware replaces that to add headers at the last moment. */
  #decideHead(): void {
    if (this._header !== null) return;
    this.#sending = true;
    try {
      this.writeHead(this.statusCode);
    } finally {
      this.#sending = false;
    }
  }

  #sendInterim(status: number, section: OutgoingHttpHeaders, callback: (() => void) | undefined): void {
    if (this._header === null && !this.#flow.gone) {
      section[':status'] = status;
      this.#flow.stream.additionalHeaders(section);
    }
    if (callback) process.nextTick(callback);
  }

  #endAgain(hasBody: boolean, callback: Callback | null | undefined): void {
    if (hasBody) process.nextTick(fail, this, writeAfterEndError(), callback);
    else if (!callback) return;
    else if (this.#flow.stream.writableFinished) process.nextTick(callback, alreadyFinishedError());
    else this.once('finish', callback);
  }
}

function fail(response: Http3ServerResponse, error: Error, callback: Callback | null | undefined): void {
  callback?.(error);
  if (!response.destroyed) response.emit('error', error);
}

function checkChunk(chunk: unknown): asserts chunk is string | Uint8Array {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
    throw invalidArgumentTypeError('The chunk', 'a string, Buffer or Uint8Array');
  }
}
