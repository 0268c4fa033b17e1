import {
  type Http3Error,
  InformationalError,
  RequestContentLengthMismatchError,
  ResponseExceededMaxSizeError,
} from '../../errors.js';
import { HttpTransaction, type ResponseConsumer } from '../../http/http-transaction.js';
import { addPriorityField, type ParsedRequest } from '../../http/request-head.js';
import type { ResponseConnectionInfo } from './connection-info.js';
import { requestChannels } from './diagnostics.js';
import { DiagnosticsRequest } from './diagnostics-request.js';
import { toDispatchError } from './dispatch-error.js';
import type { DispatchRequest } from './dispatch-request.js';
import type { Carrier, Exchange } from './exchange.js';
import { LegBody, type LegBodyWatcher } from './leg-body.js';

/** What whoever chooses a request's way is told of it. */
export interface LegHooks {
  /**
   * The request is on an established connection, or answered: no other way may be tried any more. Not for a request in 0-RTT before
   * its connection's handshake is done.
   */
  onCommitted(): void;
  /** The server has certainly not processed the request, and this way is over. True: it is taken elsewhere. */
  onUnprocessed(error: Http3Error): boolean;
  /** The final response's fields, flat. */
  onResponseFields(fields: readonly string[]): void;
}

const CONTINUE = 100;
/** How long a body waits for the server's 100 Continue before it is sent nevertheless (RFC 9110 10.1.1), in milliseconds; curl's. */
const CONTINUE_TIMEOUT = 1000;
const NO_FIELDS: readonly string[] = [];

/** Carries an exchange over HTTP/3: gives its transaction to a pool, and what comes back to the exchange. */
export class Http3Leg implements ResponseConsumer, LegBodyWatcher, Carrier {
  readonly exchange: Exchange;
  readonly transaction: HttpTransaction;
  readonly #hooks: LegHooks;
  readonly #body: LegBody | undefined;
  #subject: DiagnosticsRequest | undefined;
  #continueTimer: NodeJS.Timeout | undefined;
  #requestSentAt: number | undefined;
  #bytesReceived = 0;
  #trailers = NO_FIELDS;
  #committed = false;
  #bodySent = false;
  #responseStarted = false;
  #headersReceived = false;
  #ended = false;
  /** Withdrawn, or taken elsewhere: nobody hears of it any more. */
  #silent = false;

  constructor(exchange: Exchange, hooks: LegHooks) {
    const { request } = exchange;
    this.exchange = exchange;
    this.#hooks = hooks;
    // Tracers add fields here, so it comes before the header section is made.
    if (requestChannels.create.hasSubscribers) requestChannels.create.publish({ request: this.#diagnosed });
    const body = request.body.forHttp3();
    const waits = request.expectContinue;
    this.#body = body && new LegBody(body, waits, this);
    const parsed = toParsedRequest(request, this.#subject?.headers ?? request.headers);
    this.transaction = new HttpTransaction(parsed, this.#body, request.priority, request.limits, this);
  }

  /**
   * Takes the request back, its body untouched, to send it another way.
   *
   * @returns false if it is committed to this one
   */
  withdraw(): boolean {
    if (this.#silent) return true;
    if (this.#committed || !this.transaction.withdraw()) return false;
    this.#leave(new InformationalError('The request went another way, before anything of it was sent'));
    return true;
  }

  abort(reason: Error): void {
    this.transaction.abort(reason);
  }

  pause(): void {
    // Before the headers there is nothing to hold back, and their timeout runs on.
    if (this.#headersReceived) this.transaction.pause();
  }

  resume(): void {
    this.transaction.resume();
  }

  onRequestSent(_streamId: number, early: boolean): void {
    this.#requestSentAt = performance.now();
    if (requestChannels.sendHeaders.hasSubscribers) this.#publishSendHeaders();
    if (this.#body?.held) {
      clearTimeout(this.#continueTimer);
      this.#continueTimer = setTimeout(() => this.#body?.release(), CONTINUE_TIMEOUT);
      this.#continueTimer.unref();
    }
    if (!early) this.#commit();
  }

  onEarlyDataAccepted(): void {
    this.#commit();
  }

  onChunkSent(chunk: Uint8Array): void {
    if (requestChannels.bodyChunkSent.hasSubscribers) {
      requestChannels.bodyChunkSent.publish({ request: this.#diagnosed, chunk });
    }
    if (this.exchange.watchesBody) this.exchange.bodySent(chunk);
  }

  onBodyEnd(length: number): void {
    const { contentLength, strictContentLength } = this.exchange.request;
    if (strictContentLength || contentLength === undefined || contentLength === length || this.#bodySent) return;
    process.emitWarning(
      new RequestContentLengthMismatchError(
        `The request body has ${length} bytes instead of its content-length of ${contentLength}`,
      ),
    );
  }

  onRequestEnd(): void {
    if (this.#bodySent) return;
    this.#bodySent = true;
    if (requestChannels.bodySent.hasSubscribers) requestChannels.bodySent.publish({ request: this.#diagnosed });
    this.exchange.requestSent();
  }

  onInterimHeaders(status: number, headers: readonly string[]): void {
    this.#answered();
    if (status === CONTINUE) {
      clearTimeout(this.#continueTimer);
      this.#body?.release();
    }
    this.#publishHeaders(status, headers);
    this.exchange.responseStart(status, headers);
  }

  onHeaders(status: number, headers: readonly string[]): void {
    this.#answered();
    this.#headersReceived = true;
    clearTimeout(this.#continueTimer);
    this.#hooks.onResponseFields(headers);
    if (this.exchange.watchesConnection) this.exchange.connection(this.#connectionInfo());
    this.#publishHeaders(status, headers);
    this.exchange.responseStart(status, headers);
    if (this.exchange.controller.paused) this.transaction.pause();
  }

  onData(chunk: Buffer): boolean {
    const { maxResponseSize } = this.exchange.request;
    this.#bytesReceived += chunk.length;
    if (maxResponseSize >= 0 && this.#bytesReceived > maxResponseSize) {
      this.transaction.abort(new ResponseExceededMaxSizeError(maxResponseSize));
      return false;
    }
    if (requestChannels.bodyChunkReceived.hasSubscribers) {
      requestChannels.bodyChunkReceived.publish({ request: this.#diagnosed, chunk });
    }
    return this.exchange.data(chunk);
  }

  onTrailers(headers: readonly string[]): void {
    this.#trailers = headers;
  }

  onEnd(): void {
    this.#ended = true;
    if (this.#subject !== undefined) this.#subject.completed = true;
    if (requestChannels.trailers.hasSubscribers) {
      requestChannels.trailers.publish({ request: this.#diagnosed, trailers: this.#trailers });
    }
    this.exchange.end(this.#trailers);
    // A server that answered without asking for the body does not get it. Its stream ends here; without a byte of the body, an
    // end of the request would contradict its content-length.
    if (this.#body?.held) this.transaction.abort(new InformationalError('The response is complete without the body'));
  }

  onUnprocessed(reason: Http3Error): boolean {
    if (!this.#hooks.onUnprocessed(reason)) return false;
    this.#leave(reason);
    return true;
  }

  onError(error: Error): void {
    clearTimeout(this.#continueTimer);
    // After a complete response it concerns only the body, which nobody needs any more.
    if (this.#ended) return;
    const failure = toDispatchError(error, this.transaction.connection);
    this.#publishError(failure);
    this.exchange.fail(failure);
  }

  #commit(): void {
    if (this.#committed) return;
    this.#committed = true;
    this.#hooks.onCommitted();
  }

  #answered(): void {
    this.#commit();
    if (this.#responseStarted) return;
    this.#responseStarted = true;
    this.exchange.responseStarted();
  }

  /**
   * Tracers have heard of this attempt, and would wait for its end for ever: it is published as an error, as an attempt of its own
   * besides the one that follows. The handler hears nothing.
   */
  #leave(reason: Http3Error): void {
    this.#silent = true;
    clearTimeout(this.#continueTimer);
    this.#body?.detach();
    this.#publishError(reason);
  }

  #connectionInfo(): ResponseConnectionInfo {
    const { start } = this.exchange;
    const { connection, sentEarly } = this.transaction;
    const made = connection !== undefined && connection.handshakeEnd > start;
    return {
      protocol: 'h3',
      localAddress: connection?.localAddress,
      localPort: connection?.localPort,
      remoteAddress: connection?.remoteAddress,
      remotePort: connection?.remotePort,
      resumed: connection?.resumed,
      earlyData: sentEarly && connection?.earlyData === 'accepted',
      timings: {
        start,
        connectStart: made ? connection.handshakeStart : undefined,
        connectEnd: made ? connection.handshakeEnd : undefined,
        requestSent: this.#requestSentAt,
        responseStart: performance.now(),
      },
      connection,
    };
  }

  /** Made when the first channel has somebody who listens. */
  get #diagnosed(): DiagnosticsRequest {
    this.#subject ??= new DiagnosticsRequest(this.exchange.request);
    return this.#subject;
  }

  #publishSendHeaders(): void {
    const { method, path, authority, headers } = this.transaction.requestHead;
    let block = `:method: ${method}\r\n:scheme: https\r\n:authority: ${authority}\r\n:path: ${path}\r\n`;
    for (let index = 0; index < headers.length; index += 2) block += `${headers[index]}: ${headers[index + 1]}\r\n`;
    requestChannels.sendHeaders.publish({
      request: this.#diagnosed,
      headers: block,
      socket: this.transaction.connection,
    });
  }

  #publishHeaders(statusCode: number, headers: readonly string[]): void {
    if (!requestChannels.headers.hasSubscribers) return;
    const raw = headers.map((text) => Buffer.from(text, 'latin1'));
    requestChannels.headers.publish({
      request: this.#diagnosed,
      response: { statusCode, headers: raw, statusText: '' },
    });
  }

  #publishError(error: Error): void {
    if (this.#subject !== undefined) this.#subject.aborted = true;
    if (requestChannels.error.hasSubscribers) requestChannels.error.publish({ request: this.#diagnosed, error });
  }
}

/** The header section, of the fields as tracers left them. */
function toParsedRequest(request: DispatchRequest, fields: readonly string[]): ParsedRequest {
  const { method, path, origin, authority = origin.authority, body, contentLength, strictContentLength } = request;
  const headers = [...fields];
  if (body.contentType !== undefined && !request.hasContentType) headers.push('content-type', body.contentType);
  if (request.expectContinue && !body.empty) headers.push('expect', '100-continue');
  addPriorityField(headers, request.priority);
  // The transaction itself adds a length that it knows. One that need not be true is not sent at all: a request whose length is
  // another than it says is malformed (RFC 9114 4.1.2).
  const length = !body.empty && body.length === undefined && strictContentLength ? contentLength : undefined;
  if (length !== undefined) headers.push('content-length', String(length));
  return { head: { method, scheme: 'https', authority, path, headers }, contentLength: length };
}
