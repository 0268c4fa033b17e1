import { Duplex } from 'node:stream';
import { H3_ERROR, InvalidArgumentError, MessageError, RequestAbortedError, StreamResetError } from '../errors.js';
import type { HttpTransaction, ResponseConsumer } from '../http/http-transaction.js';
import { type IncomingHeaders, toIncomingHeaders } from '../http/incoming-headers.js';
import type { PushBody } from '../http/request-body.js';
import type { Priority } from '../stream/transaction.js';
import { resolvePriority } from './request-options.js';

/** Facts that come with the response headers. */
export interface ResponseFlags {
  /** Header fields flat and as received: name, value, name, value … */
  readonly rawHeaders: readonly string[];
}

/** Moments of a request; milliseconds of `performance.now()`, undefined if they have not come. */
export interface RequestTimings {
  readonly start: number;
  /** The header section was given to QUIC. */
  sent?: number;
  /** The final response headers. */
  headers?: number;
  /** The first byte of the body. */
  firstByte?: number;
  /** The end of the response. */
  end?: number;
}

/** Events of a {@link ClientHttp3Stream} besides those of Duplex. */
export interface ClientHttp3StreamEvents {
  /** An interim (1xx) response. */
  headers: [headers: IncomingHeaders, flags: ResponseFlags];
  /** Interim response 100. */
  continue: [];
  /** The final response headers. */
  response: [headers: IncomingHeaders, flags: ResponseFlags];
  trailers: [headers: IncomingHeaders, flags: ResponseFlags];
  /** The header section was given to QUIC; once more after a retry. */
  ready: [streamId: number];
}

/**
 * One request and its response, in the manner of `node:http2`'s ClientHttp2Stream: write the request body, read the response
 * body. Reading slowly slows the server down, and a server that reads slowly slows the writer down.
 *
 * An error ends it with 'error', then 'close'; 'close' comes exactly once in any case.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface below only types the events of EventEmitter's methods
export class ClientHttp3Stream extends Duplex {
  /** The request's fields as they were given to QUIC. */
  readonly sentHeaders: IncomingHeaders;
  readonly #body: PushBody | undefined;
  readonly #timings: { -readonly [Key in keyof RequestTimings]: RequestTimings[Key] } = { start: performance.now() };
  #transaction: HttpTransaction | undefined;
  #early = false;
  #rstCode: number | undefined;
  #id: number | undefined;
  #finished = false;
  /** Of `_final`: 'finish' means that QUIC has the whole request. */
  #finalCallback: ((error?: Error | null) => void) | undefined;
  #requestEnded = false;

  /** @internal Streams are made by `session.request`. */
  constructor(sentHeaders: IncomingHeaders, body: PushBody | undefined) {
    super({ readableHighWaterMark: READ_BUFFER_BYTES, writableHighWaterMark: WRITE_BUFFER_BYTES });
    this.sentHeaders = sentHeaders;
    this.#body = body;
    if (body === undefined) this.end();
  }

  /** QUIC stream id; undefined until the request is sent. */
  get id(): number | undefined {
    return this.#id;
  }

  /** Waits for a connection or a stream. */
  get pending(): boolean {
    return this.#id === undefined;
  }

  /** The request was sent in 0-RTT (and not rejected). */
  get sentEarly(): boolean {
    return this.#early;
  }

  /** HTTP/3 error code that the stream ended with; H3_NO_ERROR if request and response are complete; undefined while it runs. */
  get rstCode(): number | undefined {
    return this.#rstCode;
  }

  get timings(): Readonly<RequestTimings> {
    return this.#timings;
  }

  /** Bytes of the request body given to QUIC. */
  get bytesWritten(): number {
    return this.#transaction?.bytesSent ?? 0;
  }

  /** Bytes of the response body read from QUIC. */
  get bytesRead(): number {
    return this.#transaction?.bytesReceived ?? 0;
  }

  /** Gives the response another priority (RFC 9218). */
  priority(priority: Partial<Priority>): void {
    this.#transaction?.setPriority(resolvePriority(priority));
  }

  /**
   * Ends the stream with an HTTP/3 error code. Default H3_REQUEST_CANCELLED.
   *
   * @throws InvalidArgumentError for what is no error code (RFC 9000 16)
   */
  close(errorCode: number = H3_ERROR.H3_REQUEST_CANCELLED): void {
    if (!Number.isSafeInteger(errorCode) || errorCode < 0) {
      throw new InvalidArgumentError(`errorCode: must be a whole number from 0 to 2^53 - 1, not ${String(errorCode)}`);
    }
    if (this.destroyed) return;
    this.#rstCode ??= errorCode;
    this.destroy();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#body?.push(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finalCallback = callback;
    this.#body?.end();
    if (this.#requestEnded) this.#finishWriting();
  }

  override _read(): void {
    this.#transaction?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#finished) {
      this.#finished = true;
      this.#rstCode ??= H3_ERROR.H3_REQUEST_CANCELLED;
      this.#transaction?.abort(error ?? new RequestAbortedError('The stream was closed'), this.#rstCode);
    }
    callback(error);
  }

  /** @internal */
  attach(transaction: HttpTransaction): void {
    this.#transaction = transaction;
  }

  /** Both directions are complete; before that the stream may still be cancelled, whatever was received. */
  #noteCompletion(): void {
    if (this.#requestEnded && this.#timings.end !== undefined) this.#rstCode ??= H3_ERROR.H3_NO_ERROR;
  }

  #finishWriting(): void {
    const callback = this.#finalCallback;
    this.#finalCallback = undefined;
    // Ends in user code ('finish'): never on the stack of one who drives neqo.
    if (callback !== undefined) process.nextTick(callback);
  }

  /** @internal What the transaction calls. */
  readonly consumer: ResponseConsumer = {
    onRequestSent: (streamId, early) => {
      this.#id = streamId;
      this.#early = early;
      this.#requestEnded = false;
      this.#timings.sent = performance.now();
      this.emit('ready', streamId);
    },
    onInterimHeaders: (status, headers) => {
      if (status === CONTINUE) this.emit('continue');
      this.emit('headers', toIncomingHeaders(headers, status), { rawHeaders: headers });
    },
    onHeaders: (status, headers) => {
      this.#timings.headers = performance.now();
      this.emit('response', toIncomingHeaders(headers, status), { rawHeaders: headers });
    },
    onData: (chunk) => {
      this.#timings.firstByte ??= performance.now();
      return this.push(chunk);
    },
    onTrailers: (headers) => {
      this.emit('trailers', toIncomingHeaders(headers), { rawHeaders: headers });
    },
    onRequestEnd: () => {
      this.#requestEnded = true;
      this.#finishWriting();
      this.#noteCompletion();
    },
    onEnd: () => {
      this.#timings.end = performance.now();
      this.#noteCompletion();
      this.push(null);
    },
    onError: (error) => {
      if (this.#finished) return;
      this.#finished = true;
      const onWire = error instanceof StreamResetError || error instanceof MessageError;
      this.#rstCode ??= onWire ? error.errorCode : H3_ERROR.H3_REQUEST_CANCELLED;
      this.destroy(error);
    },
  };
}

const CONTINUE = 100;
/** Response bytes kept for a reader that pauses, before QUIC's flow control is left to stop the server. */
const READ_BUFFER_BYTES = 256 * 1024;
const WRITE_BUFFER_BYTES = 64 * 1024;

/** Typed events, as an interface that merges with the class. */
export interface ClientHttp3Stream {
  on<Name extends keyof ClientHttp3StreamEvents>(
    event: Name,
    listener: (...args: ClientHttp3StreamEvents[Name]) => void,
  ): this;
  on(event: 'data', listener: (chunk: Buffer) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: the signature that Duplex declares
  on(event: string | symbol, listener: (...args: any[]) => void): this;
  once<Name extends keyof ClientHttp3StreamEvents>(
    event: Name,
    listener: (...args: ClientHttp3StreamEvents[Name]) => void,
  ): this;
  once(event: 'error', listener: (error: Error) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: the signature that Duplex declares
  once(event: string | symbol, listener: (...args: any[]) => void): this;
}
