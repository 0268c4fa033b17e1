import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import { asError, Http3Error, ResponseError } from '../../errors.js';
import { count } from '../../http/option-checks.js';
import { HTTP_VERSION } from '../compat/stream-messages.js';
import { emitSafely } from '../emit-safely.js';
import { respondWithFD, respondWithFile } from '../file-response.js';
import { interimSection, isBodiless, responseSection, trailerSection } from '../response-section.js';
import type {
  ServerFileResponseOptions,
  ServerHttp3Session,
  ServerHttp3Stream,
  ServerResponseOptions,
} from '../server-types.js';
import { setStreamTimeout } from '../stream-timeout.js';
import type { BatchWriter } from './batch-writer.js';
import { ReceiveCredit, SendCredit } from './flow-control.js';
import { RecordKind, RespondFlag } from './records.js';
import { HTTP2_CODES, HTTP3_CODES, type StreamCodes } from './stream-codes.js';

type Callback = (error?: Error | null) => void;

/** Bytes that Duplex keeps on each side, beside what the window allows to be under way. */
const BUFFER_BYTES = 64 * 1024;

/** What a stream needs of the thread it is in. */
export interface WorkerStreamOwner {
  readonly writer: BatchWriter;
  /** Initial credit of each direction, bytes. */
  readonly window: number;
  /** Responses get a Date field. */
  readonly sendDate: boolean;
  /** Nothing more is to be said to the stream. */
  forget(key: number): void;
}

/** A request as its REQUEST record tells it. */
export interface WorkerRequest {
  readonly key: number;
  readonly id: number;
  readonly method: string | undefined;
  readonly session: ServerHttp3Session | undefined;
  readonly endAfterHeaders: boolean;
  /** It came to the TCP sibling. */
  readonly isHttp2: boolean;
  readonly priority: { readonly urgency: number; readonly incremental: boolean };
}

interface ReceivedTrailers {
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
}

/** One request and its response in a worker: the stream of the thread that owns the sockets, told by records. */
export class WorkerStream extends Duplex implements ServerHttp3Stream {
  readonly id: number;
  readonly session: ServerHttp3Session | undefined;
  readonly endAfterHeaders: boolean;
  readonly pushAllowed = false;
  readonly priority: { readonly urgency: number; readonly incremental: boolean };
  readonly sentInfoHeaders: OutgoingHttpHeaders[] = [];
  readonly #owner: WorkerStreamOwner;
  readonly #key: number;
  readonly #codes: StreamCodes;
  /** For the compatibility request. */
  readonly [HTTP_VERSION]?: number;
  readonly headRequest: boolean;
  readonly #sendCredit: SendCredit;
  readonly #receiveCredit: ReceiveCredit;
  /** Received and not yet asked for: body chunks, then perhaps trailers. */
  readonly #received: (Buffer | ReceivedTrailers)[] = [];
  #requestEnded: boolean;
  #wantsData = false;
  /** The rest of a chunk that waits for credit, and the callback of its write. */
  #unsent: Uint8Array | undefined;
  #onSent: Callback | undefined;
  #sentHeaders: OutgoingHttpHeaders | undefined;
  #sentTrailers: OutgoingHttpHeaders | undefined;
  #waitForTrailers = false;
  #onTrailersSent: Callback | undefined;
  /** The response has no body whatever the handler writes. */
  #bodiless = false;
  #responseEnded = false;
  #closing = false;
  /** The other side ended the stream: it needs no more records. */
  #gone = false;
  #aborted = false;
  #rstCode: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: WorkerRequest, owner: WorkerStreamOwner) {
    super({ readableHighWaterMark: BUFFER_BYTES, writableHighWaterMark: BUFFER_BYTES });
    this.#owner = owner;
    this.#key = request.key;
    this.#codes = request.isHttp2 ? HTTP2_CODES : HTTP3_CODES;
    if (request.isHttp2) this[HTTP_VERSION] = 2;
    this.id = request.id;
    this.session = request.session;
    this.priority = request.priority;
    this.endAfterHeaders = request.endAfterHeaders;
    this.headRequest = request.method === 'HEAD';
    this.#sendCredit = new SendCredit(owner.window);
    this.#receiveCredit = new ReceiveCredit(owner.window);
    this.#requestEnded = request.endAfterHeaders;
    this.once('finish', () => process.nextTick(() => this.#finishIfDone()));
  }

  get headersSent(): boolean {
    return this.#sentHeaders !== undefined;
  }

  get sentHeaders(): OutgoingHttpHeaders {
    return this.#sentHeaders ?? {};
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

  respond(headers: OutgoingHttpHeaders = {}, options: ServerResponseOptions = {}): void {
    this.#checkOpen();
    if (this.headersSent) throw new ResponseError('ERR_HTTP3_HEADERS_SENT', 'The response has begun already');
    const section = responseSection(headers, this.#owner.sendDate && options.sendDate !== false);
    this.#bodiless = this.headRequest || isBodiless(section.status);
    const endStream = options.endStream === true || this.#bodiless;
    this.#waitForTrailers = options.waitForTrailers === true && !endStream;
    this.#sentHeaders = section.sent;
    const flags =
      (endStream ? RespondFlag.END_STREAM : 0) | (this.#waitForTrailers ? RespondFlag.WAIT_FOR_TRAILERS : 0);
    this.#owner.writer.add(RecordKind.RESPOND, this.#key, section.text, flags, 0, 0);
    if (endStream) {
      this.#responseEnded = true;
      super.end();
    }
  }

  additionalHeaders(headers: OutgoingHttpHeaders): void {
    this.#checkOpen();
    if (this.headersSent) {
      throw new ResponseError('ERR_HTTP3_HEADERS_AFTER_RESPOND', 'Interim responses come before the response');
    }
    const section = interimSection(headers);
    this.sentInfoHeaders.push(section.sent);
    this.#owner.writer.add(RecordKind.INFORMATION, this.#key, section.text, 0, 0, 0);
  }

  sendTrailers(headers: OutgoingHttpHeaders): void {
    // `close` after `end` waits for them.
    if (this.destroyed) throw closedError();
    if (this.#sentTrailers !== undefined) {
      throw new ResponseError('ERR_HTTP3_TRAILERS_ALREADY_SENT', 'The trailers were sent already');
    }
    const callback = this.#onTrailersSent;
    if (callback === undefined) {
      throw new ResponseError('ERR_HTTP3_TRAILERS_NOT_READY', "Trailers can be sent after 'wantTrailers' only");
    }
    const section = trailerSection(headers);
    this.#sentTrailers = section.sent;
    this.#responseEnded = true;
    this.#owner.writer.add(RecordKind.TRAILERS, this.#key, section.text, 0, 0, 0);
    this.#onTrailersSent = undefined;
    callback();
  }

  respondWithFile(path: string, headers?: OutgoingHttpHeaders, options?: ServerFileResponseOptions): void {
    respondWithFile(this, path, headers, options);
  }

  respondWithFD(fd: number | FileHandle, headers?: OutgoingHttpHeaders, options?: ServerFileResponseOptions): void {
    respondWithFD(this, fd, headers, options);
  }

  /** Ends the stream: with H3_NO_ERROR after a response that was ended is sent, otherwise at once. */
  close(code: number = this.#codes.noError, callback?: () => void): void {
    count('code', code, code, Number.MAX_SAFE_INTEGER);
    if (callback !== undefined) this.once('close', callback);
    if (this.destroyed || this.#closing) return;
    this.#closing = true;
    if (code !== this.#codes.noError || !this.writableEnded) {
      this.#rstCode ??= code;
      this.destroy();
    } else if (this.writableFinished) this.destroy();
  }

  /** Emits 'timeout' after this many milliseconds without activity; 0 for never. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.#timer = setStreamTimeout(this, this.#timer, milliseconds, callback);
    return this;
  }

  override write(chunk: unknown, callback?: Callback): boolean;
  override write(chunk: unknown, encoding: BufferEncoding, callback?: Callback): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    // As on node:http's responses to HEAD: what has no body takes one, and drops it.
    if (this.#bodiless) {
      if (done !== undefined) process.nextTick(done);
      return true;
    }
    return typeof encoding === 'string' ? super.write(chunk, encoding, done) : super.write(chunk, done);
  }

  override end(callback?: () => void): this;
  override end(chunk: unknown, callback?: () => void): this;
  override end(chunk: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), callback?: () => void): this {
    if (!this.#bodiless) return super.end(chunk, encoding as BufferEncoding, callback);
    const done = [chunk, encoding, callback].find((argument) => typeof argument === 'function');
    if (done !== undefined) process.nextTick(done as () => void);
    return this;
  }

  #checkOpen(): void {
    if (this.destroyed || this.#closing) throw closedError();
  }

  override _read(): void {
    this.#wantsData = true;
    this.#pushReceived();
  }

  /** Moves what was received to the reader, as long as it wants more; that is what counts as consumed. */
  #pushReceived(): void {
    while (this.#wantsData) {
      const item = this.#received.shift();
      if (item === undefined) break;
      if (Buffer.isBuffer(item)) {
        this.#wantsData = this.push(item);
        const credit = this.#receiveCredit.consume(item.length);
        if (credit > 0) this.#owner.writer.add(RecordKind.CREDIT, this.#key, '', credit, 0, 0);
      } else {
        emitSafely(this, 'trailers', item.headers, 0, item.raw);
      }
    }
    if (this.#wantsData && this.#requestEnded && !this.readableEnded) {
      this.#wantsData = false;
      this.push(null);
    }
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    if (!this.#begin(callback)) return;
    this.#timer?.refresh();
    this.#send(chunk, callback);
  }

  /** Sends what there is credit for; the callback, and so the writer, waits for the rest. */
  #send(chunk: Uint8Array, callback: Callback): void {
    const length = Math.min(chunk.byteLength, this.#sendCredit.available);
    if (length > 0) {
      this.#sendCredit.spend(length);
      this.#owner.writer.data(this.#key, length === chunk.byteLength ? chunk : chunk.subarray(0, length), false);
    }
    if (length === chunk.byteLength) {
      callback();
      return;
    }
    this.#unsent = chunk.subarray(length);
    this.#onSent = callback;
  }

  override _final(callback: Callback): void {
    if (!this.#begin(callback)) return;
    if (this.#waitForTrailers) {
      this.#onTrailersSent = callback;
      if (!this.emit('wantTrailers')) this.sendTrailers({});
      return;
    }
    if (!this.#responseEnded) this.#owner.writer.end(this.#key);
    this.#responseEnded = true;
    callback();
  }

  /** A body without `respond` gets the status 200. @returns whether it can go on */
  #begin(callback: Callback): boolean {
    if (this.headersSent) return true;
    try {
      this.respond();
      return true;
    } catch (error) {
      callback(asError(error));
      return false;
    }
  }

  /** After 'finish': neither side has anything more to say, or nobody listens (RFC 9114 4.1). */
  #finishIfDone(): void {
    if (this.#closing || this.readableEnded || this.readableFlowing === null) this.destroy();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer);
    const isComplete = this.#responseEnded && this.#requestEnded;
    this.#rstCode ??= this.#closeCode(error);
    if (!this.#gone && !isComplete) {
      this.#owner.writer.add(RecordKind.CLOSE, this.#key, '', this.#rstCode, 0, 0);
    }
    this.#received.length = 0;
    this.#unsent = undefined;
    this.#owner.forget(this.#key);
    const reason = error ?? closedError();
    for (const waiting of [this.#onSent, this.#onTrailersSent]) {
      if (waiting !== undefined) process.nextTick(waiting, reason);
    }
    callback(error);
  }

  #closeCode(error: Error | null): number {
    if (this.#responseEnded) return this.#codes.noError;
    if (error === null) return this.#codes.cancelled;
    return (error instanceof Http3Error ? error.errorCode : undefined) ?? this.#codes.internalError;
  }

  /** Body bytes of the request. */
  onData(chunk: Buffer): void {
    this.#timer?.refresh();
    this.#received.push(chunk);
    this.#pushReceived();
  }

  onTrailers(headers: IncomingHttpHeaders, raw: readonly string[]): void {
    this.#received.push({ headers, raw });
    this.#pushReceived();
  }

  /** The request is complete. */
  onEnd(): void {
    this.#requestEnded = true;
    this.#pushReceived();
  }

  onCredit(bytes: number): void {
    this.#sendCredit.grant(bytes);
    const chunk = this.#unsent;
    const callback = this.#onSent;
    if (chunk === undefined || callback === undefined) return;
    this.#unsent = undefined;
    this.#onSent = undefined;
    this.#timer?.refresh();
    this.#send(chunk, callback);
  }

  /** The other side's stream is gone. `errorMessage`: '' if it ended without an error. */
  onClosed(code: number, aborted: boolean, errorMessage: string): void {
    this.#gone = true;
    this.#rstCode ??= code;
    if (aborted) {
      this.#aborted = true;
      emitSafely(this, 'aborted');
    }
    // Without a listener the client's error is nobody's: it must not end the thread.
    const isError = errorMessage !== '' && this.listenerCount('error') > 0;
    this.destroy(isError ? new Http3Error('ERR_HTTP3_STREAM_RESET', errorMessage, { errorCode: code }) : undefined);
  }
}

function closedError(): ResponseError {
  return new ResponseError('ERR_HTTP3_INVALID_STREAM', 'The stream is closed');
}
