import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { H3_ERROR, type Http3Error, InvalidArgumentError, ResponseError, StreamResetError } from '../../errors.js';
import { section } from '../../http/option-checks.js';
import type { Http3WebTransportSession } from '../../stream/webtransport/http3-webtransport-session.js';
import {
  DRAFT_02_REQUEST_FIELD,
  DRAFT_02_RESPONSE_FIELD,
  SUBPROTOCOL_CHOSEN_FIELD,
  SUBPROTOCOLS_OFFERED_FIELD,
} from '../../stream/webtransport/versions.js';
import type { WebTransportDatagramsReadableType } from '../../webtransport/dictionaries.js';
import { adoptSession, type WebTransportServerSession } from '../../webtransport/server-session.js';
import { parseProtocols, serializeProtocol } from '../../webtransport/subprotocol-fields.js';
import { responseSection } from '../response-section.js';
import type { ServerHttp3Session } from '../server-types.js';
import type { ConnectStream } from './connect-stream.js';

/** Options of {@link WebTransportRequest.accept}. */
export interface WebTransportAcceptOptions {
  /** One of the request's `protocols`. Default: none. */
  readonly protocol?: string;
  /** 200 to 299. Default 200. */
  readonly status?: number;
  /** Of the response, besides WebTransport's own. */
  readonly headers?: OutgoingHttpHeaders;
  /** Of the session's `datagrams.readable`, as on the client: empty datagrams come with 'default' only. Default 'bytes'. */
  readonly datagramsReadableType?: WebTransportDatagramsReadableType;
}

/** Told how requests are answered. */
export interface WebTransportRequestOwner {
  readonly sendDate: boolean;
  /** It was accepted, rejected, or ended without an answer. Once. */
  onSettled(request: WebTransportRequest, accepted: boolean): void;
}

const OK = 200;
const LAST_SUCCESS = 299;
const FIRST_REJECTION = 300;
const LAST_STATUS = 599;
const NOT_FOUND = 404;
const INTERNAL_SERVER_ERROR = 500;
const SERVICE_UNAVAILABLE = 503;

/**
 * A client asks for a WebTransport session (an extended CONNECT request, draft-ietf-webtrans-http3 3.3). It is to be accepted or
 * rejected, at once or later; streams and datagrams that the client sends before that are kept, within limits.
 */
export class WebTransportRequest {
  /** With the query. */
  readonly path: string;
  readonly authority: string;
  /** Where the page comes from that asks; undefined if the request does not say, which browsers always do. */
  readonly origin: string | undefined;
  /** With the pseudo-headers, as node:http2 gives them. */
  readonly headers: IncomingHttpHeaders;
  /** Fields as received: name, value, name, value … */
  readonly rawHeaders: readonly string[];
  /** Application protocols that the client offers, in its order of preference. */
  readonly protocols: readonly string[];
  /** The connection. */
  readonly session: ServerHttp3Session;
  readonly #owner: WebTransportRequestOwner;
  readonly #stream: ConnectStream;
  #transport: Http3WebTransportSession | undefined;
  #controller: AbortController | undefined;
  #failure: Http3Error | undefined;

  /** @internal Made by the server. */
  constructor(
    owner: WebTransportRequestOwner,
    session: ServerHttp3Session,
    stream: ConnectStream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ) {
    this.#owner = owner;
    this.#stream = stream;
    this.session = session;
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.path = String(headers[':path']);
    this.authority = String(headers[':authority']);
    this.origin = headers.origin;
    this.protocols = parseProtocols(headers[SUBPROTOCOLS_OFFERED_FIELD]);
  }

  /** It cannot be answered any more: the client gave it up, its connection ended, or `acceptTimeout` passed. */
  get aborted(): boolean {
    return this.#failure !== undefined;
  }

  /** Aborted when {@link aborted} becomes true; the reason is an Http3Error. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failure !== undefined) this.#controller.abort(this.#failure);
    }
    return this.#controller.signal;
  }

  /**
   * Opens the session. What is done with it in the same turn leaves in one flight with the answer.
   *
   * @throws ResponseError `ERR_HTTP3_HEADERS_SENT` (answered already), `ERR_HTTP3_INVALID_STREAM` ({@link aborted}),
   *   `ERR_HTTP3_STATUS_INVALID`
   * @throws InvalidArgumentError for a protocol that was not offered, another wrong option, or a field that HTTP does not allow
   */
  accept(options: WebTransportAcceptOptions = {}): WebTransportServerSession<WebTransportRequest> {
    const transport = this.#checkUnanswered();
    const { protocol, status = OK, headers = {}, datagramsReadableType = 'bytes' } = section('options', options);
    checkStatus(status, OK, LAST_SUCCESS);
    if (protocol !== undefined && !this.protocols.includes(protocol)) {
      throw new InvalidArgumentError(`protocol: ${JSON.stringify(protocol)} is none of those that the client offers`);
    }
    if (datagramsReadableType !== 'bytes' && datagramsReadableType !== 'default') {
      throw new InvalidArgumentError("datagramsReadableType: must be 'bytes' or 'default'");
    }
    const own: OutgoingHttpHeaders = { ':status': status };
    if (protocol !== undefined) own[SUBPROTOCOL_CHOSEN_FIELD] = serializeProtocol(protocol);
    if (this.headers[DRAFT_02_REQUEST_FIELD[0]] !== undefined)
      own[DRAFT_02_RESPONSE_FIELD[0]] = DRAFT_02_RESPONSE_FIELD[1];
    const { text } = responseSection({ ...headers, ...own }, this.#owner.sendDate);
    // The head goes first: all that the session sends from now on follows it.
    this.#stream.accept(text, transport);
    const accepted = adoptSession<WebTransportRequest>(transport, { protocol, request: this, datagramsReadableType });
    transport.accepted();
    this.#owner.onSettled(this, true);
    return accepted;
  }

  /**
   * Answers that there is no session.
   *
   * @param status 300 to 599; clients follow no redirections
   * @throws ResponseError, InvalidArgumentError as {@link accept}
   */
  reject(status: number = NOT_FOUND, headers: OutgoingHttpHeaders = {}): void {
    const transport = this.#checkUnanswered();
    checkStatus(status, FIRST_REJECTION, LAST_STATUS);
    const { text } = responseSection({ ...headers, ':status': status }, this.#owner.sendDate);
    this.#stream.reject(text);
    transport.rejected(new ResponseError('ERR_HTTP3_INVALID_STREAM', `The session was rejected with ${status}`));
    this.#owner.onSettled(this, false);
  }

  /** @internal */
  get unanswered(): boolean {
    return this.#stream.unanswered && !this.aborted;
  }

  /** @internal The client's SETTINGS are there, and with them the version: it can be answered. */
  begin(transport: Http3WebTransportSession): void {
    this.#transport = transport;
  }

  /** @internal Asks the client to end its session. */
  drain(): void {
    this.#transport?.drain();
  }

  /** @internal Neither accepted nor rejected in time. */
  onExpired(): void {
    const error = new ResponseError('ERR_HTTP3_INVALID_STREAM', 'The request was not answered in time');
    if (this.#transport !== undefined) {
      this.reject(SERVICE_UNAVAILABLE);
      this.#fail(error);
    } else {
      // Without SETTINGS of the client there is no version in which to answer.
      this.#abort(error);
      this.#stream.reset(H3_ERROR.H3_REQUEST_REJECTED);
    }
  }

  /** @internal It was given up before it was answered. */
  onReset(errorCode: number): void {
    this.#abort(new StreamResetError(errorCode, false, undefined, 'client'));
  }

  /** @internal Its connection has ended. */
  onConnectionLost(error: Http3Error): void {
    this.#abort(error);
  }

  /** @internal A listener threw. */
  onListenerFailed(): void {
    if (this.#stream.accepted) {
      this.#stream.reset(H3_ERROR.H3_INTERNAL_ERROR);
      this.#transport?.destroy();
    } else if (this.#stream.unanswered) this.reject(INTERNAL_SERVER_ERROR);
  }

  #checkUnanswered(): Http3WebTransportSession {
    const transport = this.#transport;
    if (this.#failure !== undefined) {
      const { message } = this.#failure;
      throw new ResponseError('ERR_HTTP3_INVALID_STREAM', `The request cannot be answered any more: ${message}`, {
        cause: this.#failure,
      });
    }
    if (transport === undefined || !this.#stream.unanswered) {
      throw new ResponseError('ERR_HTTP3_HEADERS_SENT', 'The request has been answered already');
    }
    return transport;
  }

  #abort(error: Http3Error): void {
    if (this.#failure !== undefined) return;
    this.#transport?.rejected(error);
    this.#owner.onSettled(this, false);
    this.#fail(error);
  }

  #fail(error: Http3Error): void {
    this.#failure = error;
    this.#controller?.abort(error);
  }
}

function checkStatus(status: number, first: number, last: number): void {
  if (Number.isInteger(status) && status >= first && status <= last) return;
  throw new ResponseError('ERR_HTTP3_STATUS_INVALID', `Invalid status code: ${status}; it must be ${first} to ${last}`);
}
