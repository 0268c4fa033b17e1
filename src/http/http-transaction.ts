import {
  asError,
  BodyTimeoutError,
  H3_ERROR,
  HeadersTimeoutError,
  type Http3Error,
  MessageError,
  RequestAbortedError,
  RequestBodyError,
  RequestContentLengthMismatchError,
  reportUncaught,
} from '../errors.js';
import type { ConnectionInfo } from '../session/session-types.js';
import {
  type Priority,
  type RequestHead,
  type SegmentReader,
  Segments,
  type SegmentWriter,
  type Transaction,
  type TransactionStream,
} from '../stream/transaction.js';
import { bodySlab } from './body-slab.js';
import type { RequestBody } from './request-body.js';
import type { ParsedRequest } from './request-head.js';
import { parseResponseHeaders, parseTrailers } from './response-head.js';
import type { Placement, ResponseConsumer, TransactionCarrier, TransactionLimits } from './transaction-parties.js';

export type { Placement, ResponseConsumer, TransactionCarrier, TransactionLimits };

/** What a transaction tells the pool that dispatches it. */
export interface TransactionOwner {
  /** The request failed unprocessed and can be sent again; false if nobody will. */
  retry(transaction: HttpTransaction): boolean;
  /** The server says that its connection is not for this origin (421); false if the answer stands. */
  misdirected(transaction: HttpTransaction): boolean;
  /** The request is settled, in whatever way, and its stream gone. Exactly once. */
  ended(transaction: HttpTransaction): void;
}

const ANYWHERE: Placement = { own: false, last: false };

/** Methods without effect on the server (RFC 9110 9.2.1): a replay of them does no harm. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;
/** Not in 0-RTT (RFC 8470 5.2). */
const TOO_EARLY = 425;
/** Not for this origin on this connection (RFC 9110 15.5.20). */
const MISDIRECTED = 421;
/** How often a request is sent again after a server refused it, though its connection goes on. */
const MAX_REFUSALS = 5;
/** How often it goes to another connection because one went away (GOAWAY, a loss before it was sent): each took others with it. */
const MAX_RESTARTS = 20;

/** One request and its response: necko's nsHttpTransaction. The connection manager dispatches it, a stream carries it. */
export class HttpTransaction implements Transaction {
  readonly initialPriority: Priority;
  /** Set by the pool when it takes the request. */
  owner: TransactionOwner | undefined;
  /** Set by the pool; the default is any connection. */
  placement: Placement = ANYWHERE;
  readonly #head: RequestHead;
  readonly #consumer: ResponseConsumer;
  readonly #body: RequestBody | undefined;
  readonly #contentLength: number | undefined;
  readonly #limits: TransactionLimits;
  #priority: Priority;
  #stream: TransactionStream | undefined;
  #carrier: TransactionCarrier | undefined;
  #altUsed: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #bytesSent = 0;
  #bytesReceived = 0;
  #expectedLength: number | undefined;
  #headersReceived = false;
  #responseEnded = false;
  #sentEarly = false;
  #tooEarly = false;
  #paused = false;
  #settled = false;
  #restarts = 0;
  #refusals = 0;

  constructor(
    request: ParsedRequest,
    body: RequestBody | undefined,
    priority: Priority,
    limits: TransactionLimits,
    consumer: ResponseConsumer,
  ) {
    checkContentLength(request.contentLength, body);
    const length = request.contentLength ?? knownLength(request.head.method, body);
    this.#head = request.contentLength === length ? request.head : withContentLength(request.head, length);
    this.#contentLength = length;
    this.#body = body;
    this.initialPriority = priority;
    this.#priority = priority;
    this.#limits = limits;
    this.#consumer = consumer;
    body?.start(() => this.#stream?.transactionHasDataToWrite());
  }

  /** With the fields that the present connection asks for. */
  get requestHead(): RequestHead {
    const head = this.#head;
    if (this.#altUsed === undefined) return head;
    return { ...head, headers: [...head.headers, 'alt-used', this.#altUsed] };
  }

  get priority(): Priority {
    return this.#priority;
  }

  get hasNoBody(): boolean {
    return this.#body === undefined;
  }

  get safeForEarlyData(): boolean {
    return !this.#tooEarly && this.#body === undefined && SAFE_METHODS.has(this.#head.method);
  }

  /** Ended: completely, with an error, or aborted. */
  get settled(): boolean {
    return this.#settled;
  }

  get streamId(): number | undefined {
    return this.#stream?.id;
  }

  /** The connection that the request is on, or was on last; undefined before it had one. */
  get carrier(): TransactionCarrier | undefined {
    return this.#carrier;
  }

  /** Facts of that connection; undefined while its handshake is under way. */
  get connection(): ConnectionInfo | undefined {
    return this.#carrier?.info;
  }

  /** The request was sent in 0-RTT, and that was not rejected. */
  get sentEarly(): boolean {
    return this.#sentEarly;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /**
   * Whether the request can be sent again after a failure: nothing of the response was delivered, the body can be given
   * again, and it was not tried too often.
   */
  get canRestart(): boolean {
    return !this.#settled && this.#refusals < MAX_REFUSALS && this.#restarts < MAX_RESTARTS && this.#unspent;
  }

  /**
   * The pool gives the request to a connection.
   *
   * @param altUsed the alternative service that the connection uses, for the Alt-Used field (RFC 7838 5)
   */
  carriedBy(carrier: TransactionCarrier, altUsed: string | undefined): void {
    // Only now: a connection's GOAWAY is heard after the refusals that it means.
    if (this.#carrier?.connected) this.#refusals += 1;
    this.#carrier = carrier;
    this.#altUsed = altUsed;
  }

  onStreamAssigned(stream: TransactionStream): void {
    this.#stream = stream;
  }

  onActivated(streamId: number, early: boolean): void {
    this.#sentEarly = early;
    this.#waitForHeaders();
    this.#notify(() => this.#consumer.onRequestSent(streamId, early));
  }

  onEarlyDataRejected(): void {
    this.#sentEarly = false;
    this.#stopTimer();
  }

  /** The handshake of its carrier succeeded. */
  onEstablished(): void {
    if (!this.#sentEarly || this.#settled) return;
    this.#notify(() => this.#consumer.onEarlyDataAccepted?.());
  }

  /** Back to the start, for another stream. Only if {@link canRestart}. */
  restart(): void {
    this.#restarts += 1;
    this.#stream = undefined;
    this.#bytesSent = 0;
    this.#body?.rewind();
    this.#stopTimer();
  }

  readSegmentsAgain(reader: SegmentReader): Segments {
    const body = this.#body;
    if (body === undefined) return Segments.DONE;
    const chunk = body.current();
    // Asking for the chunk may have made the source fail.
    if (body.error !== undefined) throw new RequestBodyError(body.error);
    if (chunk === undefined) {
      if (body.ended) {
        this.#checkBodyComplete();
        return Segments.DONE;
      }
      // It is this side that everyone waits for.
      if (!this.#headersReceived) this.#stopTimer();
      return Segments.PIPE_BLOCKED;
    }
    if (chunk.length === 0) throw new RequestBodyError(new TypeError('its ArrayBuffer was detached'));
    if (this.#contentLength !== undefined && this.#bytesSent + chunk.length > this.#contentLength) {
      throw new RequestContentLengthMismatchError(
        `The request body is longer than its content-length of ${this.#contentLength}`,
      );
    }
    const taken = reader.onReadSegment(chunk, 0, chunk.length);
    this.#waitForHeaders(taken > 0);
    if (taken === 0) return Segments.STREAM_BLOCKED;
    this.#bytesSent += taken;
    body.consume(taken);
    return Segments.MOVED;
  }

  writeSegmentsAgain(writer: SegmentWriter): Segments {
    if (this.#paused) return Segments.PIPE_BLOCKED;
    const { block, offset } = bodySlab;
    const read = writer.onWriteSegment(block, offset, block.length - offset);
    if (read === 0) return Segments.STREAM_BLOCKED;
    const chunk = bodySlab.take(read);
    this.#bytesReceived += read;
    this.#timer?.refresh();
    if (this.#expectedLength !== undefined && this.#bytesReceived > this.#expectedLength) {
      throw new MessageError(`more body bytes than its content-length of ${this.#expectedLength}`);
    }
    this.#notify(() => {
      if (!this.#consumer.onData(chunk)) this.pause();
    });
    return this.#paused ? Segments.PIPE_BLOCKED : Segments.MOVED;
  }

  onResponseHeaders(fields: readonly string[], interim: boolean): void {
    const { status, headers, contentLength } = parseResponseHeaders(fields, this.#limits.maxHeaderSize);
    if (interim) {
      this.#timer?.refresh();
      this.#notify(() => this.#consumer.onInterimHeaders(status, headers));
      return;
    }
    if (status === TOO_EARLY && this.#sentEarly && this.#retryLater()) return;
    if (status === MISDIRECTED && this.owner?.misdirected(this) === true) return;
    this.#headersReceived = true;
    const bodiless = this.#head.method === 'HEAD' || status === NO_CONTENT || status === NOT_MODIFIED;
    this.#expectedLength = bodiless ? 0 : contentLength;
    this.#stopTimer();
    this.#startTimer(this.#limits.bodyTimeout, () => new BodyTimeoutError(this.#limits.bodyTimeout));
    this.#notify(() => this.#consumer.onHeaders(status, headers));
  }

  onResponseTrailers(fields: readonly string[]): void {
    const trailers = parseTrailers(fields, this.#limits.maxHeaderSize);
    this.#notify(() => this.#consumer.onTrailers(trailers));
  }

  onRequestEnd(): void {
    this.#waitForHeaders();
    this.#notify(() => this.#consumer.onRequestEnd());
  }

  onResponseEnd(): void {
    if (this.#expectedLength !== undefined && this.#bytesReceived !== this.#expectedLength) {
      throw new MessageError(
        `${this.#bytesReceived} body bytes instead of its content-length of ${this.#expectedLength}`,
      );
    }
    this.#responseEnded = true;
    this.#stopTimer();
    this.#notify(() => this.#consumer.onEnd());
  }

  onRequestBodyUnwanted(): void {
    this.#body?.discard(undefined);
    this.onRequestEnd();
  }

  onStreamDone(): void {
    this.#settled = true;
    this.#stream = undefined;
    this.#stopTimer();
    this.#body?.discard(undefined);
    this.owner?.ended(this);
  }

  close(reason: Http3Error): void {
    if (this.#settled) return;
    if (this.#responseEnded) {
      // The response is complete; that the rest of the request did not arrive takes nothing from it.
      this.onRequestBodyUnwanted();
      this.onStreamDone();
      return;
    }
    if (reason.safeToRetry && this.canRestart && this.owner?.retry(this) === true) return;
    this.fail(reason);
  }

  /** Fails the request for good, unless its consumer takes it elsewhere. */
  fail(reason: Http3Error): void {
    if (this.#settled) return;
    if (reason.safeToRetry && this.#unspent && this.#takenElsewhere(reason)) return;
    this.#settle(reason);
  }

  /**
   * Takes the request back without a word to its consumer, its body untouched. Possible as long as no established connection
   * has it: it waits, or was sent in 0-RTT on a connection whose handshake is not complete.
   *
   * @returns false if it is too late
   */
  withdraw(): boolean {
    if (this.#settled || !this.#unspent) return false;
    const inDoubt = this.#sentEarly && this.#carrier?.established === false;
    if (this.#stream?.id !== undefined && !inDoubt) return false;
    this.#stream?.cancel(H3_ERROR.H3_REQUEST_CANCELLED);
    this.#leave();
    return true;
  }

  /** Gives the stream back, to be sent again on another: only if {@link canRestart}. */
  releaseStream(): void {
    this.#stream?.cancel(H3_ERROR.H3_REQUEST_CANCELLED);
    this.#stream = undefined;
  }

  /** The user wants no more of it. The consumer gets `reason` as its error. Idempotent. */
  abort(reason: Error = new RequestAbortedError(), errorCode: number = H3_ERROR.H3_REQUEST_CANCELLED): void {
    if (this.#settled) return;
    this.#stream?.cancel(errorCode);
    this.#settle(reason);
  }

  pause(): void {
    this.#paused = true;
    // The body timeout stands still while the consumer takes nothing.
    this.#stopTimer();
  }

  /** The consumer has room again. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#settled || this.#responseEnded) return;
    if (this.#headersReceived)
      this.#startTimer(this.#limits.bodyTimeout, () => new BodyTimeoutError(this.#limits.bodyTimeout));
    this.#stream?.transactionHasDataToRecv();
  }

  setPriority(priority: Priority): void {
    this.#priority = priority;
    this.#stream?.priorityUpdate(priority);
  }

  /** The server does not want this in 0-RTT: once more after the handshake. */
  #retryLater(): boolean {
    const { owner } = this;
    if (owner === undefined || !this.canRestart) return false;
    this.#tooEarly = true;
    this.releaseStream();
    return owner.retry(this);
  }

  /** Nothing of the response was delivered, and the body can be given again. */
  get #unspent(): boolean {
    return !this.#headersReceived && (this.#body?.replayable ?? true);
  }

  #takenElsewhere(reason: Http3Error): boolean {
    const consumer = this.#consumer;
    if (consumer.onUnprocessed === undefined) return false;
    let taken = false;
    // Whoever takes it may send it at once.
    this.#body?.rewind();
    this.#notify(() => {
      taken = consumer.onUnprocessed?.(reason) ?? false;
    });
    if (taken && !this.#settled) this.#leave();
    return taken;
  }

  /** Over, without a word and with the body as it was. */
  #leave(): void {
    this.#settled = true;
    this.#stream = undefined;
    this.#stopTimer();
    this.owner?.ended(this);
  }

  /** The headers' time runs, from now if `anew`. */
  #waitForHeaders(anew = true): void {
    if (this.#headersReceived) return;
    if (this.#timer === undefined) {
      this.#startTimer(this.#limits.headersTimeout, () => new HeadersTimeoutError(this.#limits.headersTimeout));
    } else if (anew) this.#timer.refresh();
  }

  #checkBodyComplete(): void {
    if (this.#contentLength !== undefined && this.#bytesSent !== this.#contentLength) {
      throw new RequestContentLengthMismatchError(
        `The request body has ${this.#bytesSent} bytes instead of its content-length of ${this.#contentLength}`,
      );
    }
  }

  #settle(reason: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#stream = undefined;
    this.#stopTimer();
    this.#body?.discard(reason);
    this.owner?.ended(this);
    this.#notify(() => this.#consumer.onError(reason));
  }

  /** Calls user code: its exceptions are its own, not the connection's. */
  #notify(call: () => void): void {
    try {
      call();
    } catch (error) {
      reportUncaught(error);
      this.abort(new RequestAbortedError('A callback of the request threw', { cause: asError(error) }));
    }
  }

  #startTimer(timeout: number, error: () => Http3Error): void {
    if (timeout === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#carrier?.probe();
      this.abort(error());
    }, timeout);
    // The stream's connection keeps the process alive, not this.
    this.#timer.unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Methods whose requests are expected to have content: without any they say so (RFC 9110 8.6). */
const METHODS_WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH']);

function knownLength(method: string, body: RequestBody | undefined): number | undefined {
  if (body !== undefined) return body.length;
  return METHODS_WITH_CONTENT.has(method) ? 0 : undefined;
}

function withContentLength(head: RequestHead, length: number | undefined): RequestHead {
  return length === undefined ? head : { ...head, headers: [...head.headers, 'content-length', String(length)] };
}

/** A known body that is not as long as its content-length is refused before anything is sent (RFC 9114 4.1.2). */
function checkContentLength(contentLength: number | undefined, body: RequestBody | undefined): void {
  const length = body === undefined ? 0 : body.length;
  if (contentLength === undefined || length === undefined || length === contentLength) return;
  throw new RequestContentLengthMismatchError(
    `The request body has ${length} bytes instead of its content-length of ${contentLength}`,
  );
}
