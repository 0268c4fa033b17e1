import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import {
  asError,
  H3_ERROR,
  Http3Error,
  InvalidArgumentError,
  MessageError,
  NativeError,
  ResponseError,
  reportUncaught,
  StreamResetError,
} from '../errors.js';
import { count } from '../http/option-checks.js';
import type { ServerWork } from '../session/http3-server-driver.js';
import type { Priority } from '../stream/transaction.js';
import { emitSafely } from './emit-safely.js';
import { respondWithFD, respondWithFile } from './file-response.js';
import { RequestBodyReader } from './request-body-reader.js';
import { exceedsLimits, parsePriority, parseTrailerSection } from './request-section.js';
import { interimSection, isBodiless, responseSection, trailerSection } from './response-section.js';
import { HeadersTooLargeError, ResponseWriter } from './response-writer.js';
import type { ServerFileResponseOptions, ServerHttp3Stream, ServerResponseOptions } from './server-types.js';
import type { StreamSession } from './stream-session.js';
import { setStreamTimeout } from './stream-timeout.js';

type Callback = (error?: Error | null) => void;
type EndCallback = () => void;

/** Bytes kept in memory for each direction of a stream, before back-pressure. */
const BUFFER_BYTES = 64 * 1024;
const DUPLEX_OPTIONS = {
  readableHighWaterMark: BUFFER_BYTES,
  writableHighWaterMark: BUFFER_BYTES,
  // As in node:http2. Otherwise `for await` over the request's body would destroy the response at its end.
  autoDestroy: false,
} as const;
const NO_HEADERS: OutgoingHttpHeaders = Object.freeze({});
const REQUEST_TIMEOUT = 408;

/** One request and its response, in the manner of `node:http2`'s ServerHttp2Stream. */
export class Http3ServerStream extends Duplex implements ServerHttp3Stream, ServerWork {
  readonly id: number;
  readonly session: StreamSession;
  readonly endAfterHeaders: boolean;
  readonly headRequest: boolean;
  readonly pushAllowed = false;
  readonly #writer: ResponseWriter;
  readonly #reader: RequestBodyReader | undefined;
  readonly #priorityField: string | string[] | undefined;
  #priority: Priority | undefined;
  #queued = false;
  #sentHeaders: OutgoingHttpHeaders | undefined;
  #sentInfoHeaders: OutgoingHttpHeaders[] | undefined;
  #sentTrailers: OutgoingHttpHeaders | undefined;
  #wantingTrailers = false;
  #rstCode: number | undefined;
  #aborted = false;
  /** `close` waits for the response to be finished. */
  #closing = false;
  /** The connection has ended: nothing can be sent. */
  #lost = false;
  #timer: NodeJS.Timeout | undefined;

  /** @internal Made by the session. */
  constructor(
    session: StreamSession,
    id: number,
    headers: IncomingHttpHeaders,
    contentLength: number | undefined,
    fin: boolean,
  ) {
    super(DUPLEX_OPTIONS);
    this.session = session;
    this.id = id;
    this.endAfterHeaders = fin;
    this.headRequest = headers[':method'] === 'HEAD';
    this.#priorityField = headers.priority;
    this.#writer = new ResponseWriter(session, this);
    if (!fin) this.#reader = new RequestBodyReader(session, this, contentLength);
  }

  get headersSent(): boolean {
    return this.#sentHeaders !== undefined;
  }

  get sentHeaders(): OutgoingHttpHeaders {
    return this.#sentHeaders ?? NO_HEADERS;
  }

  get sentInfoHeaders(): readonly OutgoingHttpHeaders[] {
    return this.#sentInfoHeaders ?? [];
  }

  get sentTrailers(): OutgoingHttpHeaders | undefined {
    return this.#sentTrailers;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get rstCode(): number | undefined {
    return this.#rstCode;
  }

  get priority(): Priority {
    this.#priority ??= parsePriority(this.#priorityField);
    return this.#priority;
  }

  /**
   * Begins the response. What is written in the same turn goes with it, up to the end.
   *
   * @throws ResponseError `ERR_HTTP3_HEADERS_SENT`, `ERR_HTTP3_INVALID_STREAM` (closed), `ERR_HTTP3_STATUS_INVALID` …
   * @throws InvalidArgumentError for a field that HTTP does not allow
   */
  respond(headers: OutgoingHttpHeaders = NO_HEADERS, options: ServerResponseOptions = {}): void {
    this.#checkOpen();
    if (this.headersSent) throw new ResponseError('ERR_HTTP3_HEADERS_SENT', 'The response has begun already');
    const section = responseSection(headers, this.session.sendDate && options.sendDate !== false);
    const bodiless = this.headRequest || isBodiless(section.status);
    this.#sentHeaders = section.sent;
    this.#writer.respond(section, bodiless, options.waitForTrailers === true && !bodiless);
    this.#queue();
    if (bodiless || options.endStream === true) super.end();
  }

  respondWithFile(path: string, headers?: OutgoingHttpHeaders, options?: ServerFileResponseOptions): void {
    this.#checkOpen();
    respondWithFile(this, path, headers, options);
  }

  respondWithFD(fd: number | FileHandle, headers?: OutgoingHttpHeaders, options?: ServerFileResponseOptions): void {
    this.#checkOpen();
    respondWithFD(this, fd, headers, options);
  }

  /** Sends an interim (1xx) response. @throws ResponseError, InvalidArgumentError as {@link respond} */
  additionalHeaders(headers: OutgoingHttpHeaders): void {
    this.#checkOpen();
    if (this.headersSent) {
      throw new ResponseError('ERR_HTTP3_HEADERS_AFTER_RESPOND', 'Interim responses come before the response');
    }
    const section = interimSection(headers);
    this.#sentInfoHeaders ??= [];
    this.#sentInfoHeaders.push(section.sent);
    this.#writer.interim(section);
    this.#queue();
  }

  /** Ends the response with trailers. @throws ResponseError before 'wantTrailers', or the second time */
  sendTrailers(headers: OutgoingHttpHeaders): void {
    this.#checkOpen();
    if (this.#sentTrailers !== undefined) {
      throw new ResponseError('ERR_HTTP3_TRAILERS_ALREADY_SENT', 'The trailers were sent already');
    }
    if (!this.#wantingTrailers) {
      throw new ResponseError('ERR_HTTP3_TRAILERS_NOT_READY', "Trailers can be sent after 'wantTrailers' only");
    }
    const { text, sent } = trailerSection(headers);
    this.#sentTrailers = sent;
    this.#writer.trailers(text);
    this.#queue();
  }

  /** Ends the stream: with H3_NO_ERROR after a response that was ended is sent, otherwise at once. */
  close(code: number = H3_ERROR.H3_NO_ERROR, callback?: () => void): void {
    count('code', code, code, Number.MAX_SAFE_INTEGER);
    if (callback !== undefined) {
      if (typeof callback !== 'function') throw new InvalidArgumentError('callback: must be a function');
      this.once('close', callback);
    }
    if (this.destroyed || this.#closing) return;
    this.#closing = true;
    if (code !== H3_ERROR.H3_NO_ERROR || !this.writableEnded) {
      this.#rstCode ??= code;
      this.destroy();
    } else if (this.writableFinished) this.destroy();
  }

  /** Emits 'timeout' after this many milliseconds without activity; 0 for never. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.#timer = setStreamTimeout(this, this.#timer, milliseconds, callback);
    return this;
  }

  /** As on node:http's responses to HEAD, what has no body takes one, and drops it. */
  override write(chunk: unknown, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    if (!this.#writer.bodiless) return super.write(chunk, encoding as BufferEncoding, callback);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done !== undefined) process.nextTick(done);
    return true;
  }

  override end(...args: unknown[]): this {
    if (!this.#writer.bodiless) return super.end(...(args as Parameters<Duplex['end']>));
    const done = args.find((argument) => typeof argument === 'function') as EndCallback | undefined;
    if (done !== undefined) process.nextTick(done);
    return this;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    if (!this.#begin(callback)) return;
    if (this.#writer.bodiless || chunk.length === 0) callback();
    else this.#written(this.#writer.write(chunk, callback), callback);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    if (!this.#begin(callback)) return;
    if (this.#writer.bodiless) callback();
    else
      this.#written(
        this.#writer.writeAll(
          chunks.map(({ chunk }) => chunk),
          callback,
        ),
        callback,
      );
  }

  override _final(callback: Callback): void {
    if (!this.#begin(callback)) return;
    const done: Callback = (error) => {
      callback(error);
      // Behind 'finish', which Writable puts off as well.
      if (error === undefined || error === null) process.nextTick(responseFinished, this);
    };
    if (this.#writer.finSent) {
      done();
      return;
    }
    this.#writer.final(done);
    this.#queue();
  }

  override _read(): void {
    if (this.#reader === undefined) this.push(null);
    else if (this.#reader.want()) this.#queue();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer);
    this.#rstCode ??= this.#closeCode(error);
    const { session } = this;
    // A complete response stays in the engine until it is delivered; what is not complete is cancelled there.
    const complete = this.#writer.finSent && (this.#reader?.ended ?? true);
    if (!complete && !this.#lost) this.#queue();
    this.#writer.abandon(error);
    session.streamClosed(this.id);
    callback(error);
  }

  /** @internal Inside an entry point: sends and reads what has come together, or gives the rest up. */
  runInTurn(): void {
    this.#queued = false;
    if (this.#lost) return;
    if (this.destroyed) {
      this.#cancel();
      return;
    }
    try {
      this.#reader?.read();
      if (!this.destroyed) this.#writer.flush();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @internal */
  onDataReadable(): void {
    if (this.destroyed) return;
    this.#timer?.refresh();
    try {
      this.#reader?.onReadable();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @internal */
  onDataWritable(): void {
    this.#timer?.refresh();
    if (!this.destroyed) this.#queue();
  }

  /** @internal */
  onTrailers(fields: readonly string[]): void {
    if (this.destroyed) return;
    try {
      if (exceedsLimits(fields, this.session.limits)) throw new MessageError('its trailers are too large', 'request');
      emitSafely(this, 'trailers', parseTrailerSection(fields), 0, fields);
    } catch (error) {
      this.#fail(error);
    }
    this.onDataReadable();
  }

  /** @internal The client reset its half. */
  onReset(errorCode: number): void {
    // A request that was received completely cannot be lost any more.
    if (this.destroyed || (this.#reader?.ended ?? true)) return;
    this.#abort(errorCode, new StreamResetError(errorCode, false, undefined, 'client'));
  }

  /** @internal The client wants no more of the response. */
  onStopSending(errorCode: number): void {
    if (this.destroyed || this.#writer.finSent) return;
    this.#abort(errorCode, new StreamResetError(errorCode, false, undefined, 'client'));
  }

  /** @internal The connection has ended. */
  onConnectionLost(errorCode: number, error: Error): void {
    this.#lost = true;
    if (!this.destroyed) this.#abort(errorCode, error);
  }

  /** @internal The request did not end in time (RFC 9110 15.5.9). */
  onRequestTimeout(): void {
    if (this.destroyed) return;
    if (this.headersSent) {
      this.close(H3_ERROR.H3_REQUEST_CANCELLED);
      return;
    }
    this.respond({ ':status': REQUEST_TIMEOUT }, { endStream: true });
    this.close();
  }

  /** @internal */
  onPriority(urgency: number, incremental: boolean): void {
    this.#priority = { urgency, incremental };
  }

  /** @internal The last byte of the body is there. */
  wantTrailers(): void {
    this.#wantingTrailers = true;
    if (this.listenerCount('wantTrailers') === 0) this.#writer.trailers('');
    else if (!emitSafely(this, 'wantTrailers')) this.destroy();
  }

  /** @internal Bytes of the request for the user, or its end. @returns whether there is room for more */
  deliver(chunk: Uint8Array | null): boolean {
    try {
      return this.push(chunk);
    } catch (error) {
      // An exception of a 'data' listener is its own, not the connection's.
      reportUncaught(error);
      this.close(H3_ERROR.H3_INTERNAL_ERROR);
      return false;
    }
  }

  /** @internal Neither side has anything more to say, or nobody listens. */
  finishIfDone(): void {
    if (this.destroyed) return;
    const unread = this.readableFlowing === null;
    if (unread || this.#closing || this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  #checkOpen(): void {
    if (this.destroyed || this.#closing) {
      throw new ResponseError('ERR_HTTP3_INVALID_STREAM', 'The stream is closed');
    }
  }

  /** A body without `respond` gets the status 200. @returns whether it can go on */
  #begin(callback: Callback): boolean {
    this.#timer?.refresh();
    if (this.headersSent) return true;
    try {
      this.respond();
      return true;
    } catch (error) {
      this.destroy(asError(error));
      callback(asError(error));
      return false;
    }
  }

  #written(error: Http3Error | undefined, callback: Callback): void {
    if (error === undefined) {
      this.#queue();
      return;
    }
    this.destroy(error);
    callback(error);
  }

  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.session.queue(this);
  }

  #cancel(): void {
    const { engine, handle } = this.session;
    const requestOpen = !(this.#reader?.ended ?? true);
    if (!this.#writer.finSent) {
      this.session.check(engine.cancelStream(handle, this.id, this.#rstCode ?? H3_ERROR.H3_NO_ERROR), 'cancelStream');
    } else if (requestOpen) {
      // RFC 9114 4.1: a complete response needs no more of the request.
      this.session.check(engine.stopSending(handle, this.id, H3_ERROR.H3_NO_ERROR), 'stopSending');
    }
  }

  #closeCode(error: Error | null): number {
    if (this.#writer.finSent) return H3_ERROR.H3_NO_ERROR;
    if (error === null) return H3_ERROR.H3_REQUEST_CANCELLED;
    return (error instanceof Http3Error ? error.errorCode : undefined) ?? H3_ERROR.H3_INTERNAL_ERROR;
  }

  /** The peer ended the stream. Without a listener its error is nobody's: it must not end the process. */
  #abort(errorCode: number, error: Error): void {
    this.#rstCode ??= errorCode;
    if (!this.#writer.finSent) {
      this.#aborted = true;
      emitSafely(this, 'aborted');
    }
    this.destroy(this.listenerCount('error') > 0 ? error : undefined);
  }

  /** An error of this one stream ends it; the others run on. */
  #fail(error: unknown): void {
    // What the engine cannot explain concerns the server.
    if (error instanceof NativeError) throw error;
    if (error instanceof MessageError) this.#abort(H3_ERROR.H3_MESSAGE_ERROR, error);
    // The limit is the client's: it must not be able to end the process by it.
    else if (error instanceof HeadersTooLargeError) this.#abort(H3_ERROR.H3_INTERNAL_ERROR, error);
    else this.destroy(asError(error));
  }
}

/** One function for all streams. */
function responseFinished(stream: Http3ServerStream): void {
  stream.finishIfDone();
}
