import type { IncomingHttpHeaders } from 'node:http2';
import { H3_ERROR, type Http3Error } from '../../errors.js';
import type { ServerWebTransportEvents } from '../../session/server-event-dispatch.js';
import { WEBTRANSPORT_VERSIONS } from '../../stream/webtransport/versions.js';
import { WebTransportMux } from '../../stream/webtransport/webtransport-mux.js';
import { responseSection } from '../response-section.js';
import { ConnectStream, type ConnectStreamOwner } from './connect-stream.js';
import { type CarrierConnection, ServerCarrier } from './server-carrier.js';
import { WebTransportRequest } from './webtransport-request.js';
import type { WebTransportService } from './webtransport-service.js';

/** What the WebTransport sessions of a connection need of it. */
export interface SessionsConnection extends CarrierConnection {
  /** A stream of the client's that begins as requests do was heard of. */
  streamHeardOf(streamId: number): void;
  /** Something came from the client. */
  received(): void;
  /** A request stream begins, and ends. */
  connectStreamOpened(): void;
  connectStreamClosed(): void;
}

const NOT_IMPLEMENTED = 501;
const PROTOCOLS: ReadonlySet<string> = new Set(WEBTRANSPORT_VERSIONS.map(({ protocol }) => protocol));
/** Ids of streams that a client opens and both sides may write to (RFC 9000 2.1), as requests are. */
const isRequestId = (streamId: number): boolean => streamId % 4 === 0;

/** All of one connection's WebTransport: requests for sessions, sessions, their streams and datagrams. */
export class ConnectionSessions implements ConnectStreamOwner, ServerWebTransportEvents {
  readonly #connection: SessionsConnection;
  readonly #service: WebTransportService;
  readonly #mux: WebTransportMux;
  readonly #streams = new Map<number, ConnectStream>();
  /** Of the streams whose session is not over. */
  readonly #requests = new Map<ConnectStream, WebTransportRequest>();
  /** The client's; requests wait for them. */
  #hasSettings = false;
  /** Why the connection has ended. */
  #lost: Http3Error | undefined;
  /** Requests without an answer, and open sessions. */
  #open = 0;

  constructor(connection: SessionsConnection, service: WebTransportService) {
    this.#connection = connection;
    this.#service = service;
    this.#mux = new WebTransportMux(new ServerCarrier(connection), 'server', service.options.limits);
  }

  /** CONNECT streams that have not ended. */
  get size(): number {
    return this.#streams.size;
  }

  /** Requests without an answer, and open sessions. */
  get open(): number {
    return this.#open;
  }

  /** An extended CONNECT request. */
  requestReceived(streamId: number, headers: IncomingHttpHeaders, fields: readonly string[], fin: boolean): void {
    const protocol = String(headers[':protocol']);
    const stream = new ConnectStream(this.#connection, this, streamId, fin);
    this.#streams.set(streamId, stream);
    this.#connection.connectStreamOpened();
    this.#open += 1;
    // RFC 9220 3.
    if (!PROTOCOLS.has(protocol)) {
      stream.reject(responseSection({ ':status': NOT_IMPLEMENTED }, this.#service.sendDate).text);
      return;
    }
    if (headers[':scheme'] !== 'https') {
      stream.reset(H3_ERROR.H3_MESSAGE_ERROR);
      return;
    }
    // Not an error of the connection: client and server need not agree on how many are open (draft-ietf-webtrans-http3 5.1).
    if (this.#open > this.#service.options.limits.maxSessions) {
      stream.reset(H3_ERROR.H3_REQUEST_REJECTED);
      return;
    }
    const request = new WebTransportRequest(this.#service, this.#connection, stream, headers, fields);
    this.#requests.set(stream, request);
    this.#service.onRequest(request);
    // Else it waits: nothing else of it is kept, since a client may withhold its SETTINGS and give up one request after another.
    if (this.#hasSettings) this.#negotiated(request, stream);
  }

  /** A request that is no extended CONNECT: nothing is to be held for a session of its id. */
  ordinaryRequestReceived(streamId: number): void {
    this.#mux.noSession(streamId);
  }

  settings(settings: ReadonlyMap<number, number>): void {
    this.#mux.settingsReceived(settings);
    this.#hasSettings = true;
    for (const [stream, request] of [...this.#requests]) this.#negotiated(request, stream);
  }

  webTransportStream(streamId: number, sessionId: number): void {
    this.#connection.received();
    if (isRequestId(streamId)) this.#connection.streamHeardOf(streamId);
    this.#mux.streamOpened(streamId, sessionId);
  }

  datagram(sessionId: number, bytes: Buffer): void {
    this.#connection.received();
    this.#mux.datagramReceived(sessionId, bytes);
  }

  datagramsWritable(): void {
    this.#mux.datagramsWritable();
  }

  streamsCreatable(bidirectional: boolean): void {
    this.#mux.streamsCreatable(bidirectional);
  }

  streamFinished(streamId: number): void {
    this.#mux.streamFinished(streamId);
  }

  dataReadable(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#mux.dataReadable(streamId);
    else stream.onDataReadable();
  }

  dataWritable(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#mux.dataWritable(streamId);
    else stream.onDataWritable();
  }

  /** @returns false if it may be a request's */
  reset(streamId: number, errorCode: number): boolean {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#mux.reset(streamId, errorCode) || !isRequestId(streamId);
    stream.onReset(errorCode);
    return true;
  }

  stopSending(streamId: number, errorCode: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#mux.stopSending(streamId, errorCode);
    else stream.onStopSending(errorCode);
  }

  /** RFC 9114 4.4: only DATA frames follow a CONNECT request. */
  trailersReceived(streamId: number): void {
    if (!this.#streams.has(streamId)) return;
    this.#connection.fail(H3_ERROR.H3_FRAME_UNEXPECTED, 'trailers of a CONNECT request');
  }

  /** The connection is to end soon: clients are asked to end their sessions (DRAIN). */
  drain(): void {
    for (const request of this.#requests.values()) request.drain();
  }

  connectionLost(errorCode: number, reason: Http3Error): void {
    this.#lost = reason;
    for (const stream of [...this.#streams.values()]) stream.onConnectionLost(errorCode);
    this.#mux.connectionLost(reason);
  }

  onAborted(stream: ConnectStream, errorCode: number): void {
    const request = this.#requests.get(stream);
    if (this.#lost === undefined) request?.onReset(errorCode);
    else request?.onConnectionLost(this.#lost);
  }

  onSessionOver(stream: ConnectStream): void {
    this.#open -= 1;
    this.#requests.delete(stream);
    if (stream.accepted) this.#service.onSessionOver(stream);
  }

  onDone(stream: ConnectStream): void {
    if (!this.#streams.delete(stream.id)) return;
    // Whatever came for a session that there never was.
    if (this.#lost === undefined) this.#mux.noSession(stream.id);
    this.#service.onStreamDone(stream);
    this.#connection.connectStreamClosed();
  }

  /** The client's SETTINGS are there. */
  #negotiated(request: WebTransportRequest, stream: ConnectStream): void {
    if (!stream.unanswered) return;
    const version = this.#mux.versionFor(String(request.headers[':protocol']));
    if (version === undefined) {
      // What its version needs is missing from its SETTINGS: malformed (draft-ietf-webtrans-http3 3.1).
      stream.reset(H3_ERROR.H3_MESSAGE_ERROR);
    } else if (!this.#mux.mayCreateSession(version)) {
      stream.reset(H3_ERROR.H3_REQUEST_REJECTED);
    } else {
      request.begin(this.#mux.createSession(stream.id, stream, version));
      // What came early may have ended it.
      if (stream.unanswered) this.#service.deliver(request);
    }
  }
}
