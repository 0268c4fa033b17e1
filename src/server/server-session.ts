import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import {
  ConnectionError,
  H3_ERROR,
  type Http3Error,
  h3ErrorName,
  InvalidArgumentError,
  MessageError,
  SocketError,
} from '../errors.js';
import { count, MAX_TIME } from '../http/option-checks.js';
import { Http3State, type NativeStats } from '../native.js';
import type { NeqoHttp3Server } from '../native-server.js';
import { type CloseReason, closeReasonToError } from '../session/close-reason.js';
import type { Http3ServerDriver, ServerWork } from '../session/http3-server-driver.js';
import type { ServerConnectionEvents } from '../session/server-event-dispatch.js';
import type { PathAddresses } from '../session/server-events.js';
import type { ConnectionEntry } from './connection-entry.js';
import { connectionTls, isClean, toHttp3Error } from './connection-facts.js';
import { emitSafely } from './emit-safely.js';
import { RequestIds } from './request-ids.js';
import { exceedsLimits, parseRequestSection, type SectionLimits } from './request-section.js';
import { Http3ServerStream } from './server-stream.js';
import type { ConnectionEnd } from './server-types.js';
import { ConnectionSessions, type SessionsConnection } from './webtransport/connection-sessions.js';
import type { WebTransportService } from './webtransport/webtransport-service.js';

/** What a session needs of its server. */
export interface SessionOwner {
  readonly driver: Http3ServerDriver;
  readonly limits: SectionLimits;
  readonly sendDate: boolean;
  /** Undefined: there is no WebTransport, and extended CONNECT is not offered. */
  readonly webTransport: WebTransportService | undefined;
  /** The handshake is complete. */
  onSession(session: Http3ServerSession): void;
  /** @returns false if nobody takes requests */
  onStream(
    stream: Http3ServerStream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: readonly string[],
  ): boolean;
  /** The request's body is on its way, and has its time. */
  onRequestBegun(stream: Http3ServerStream): void;
  onRequestEnded(stream: Http3ServerStream): void;
  /** @returns false if nobody listens */
  onTimeout(session: Http3ServerSession): boolean;
  onSessionError(error: Error, session: Http3ServerSession): void;
  onHandshakeError(error: Http3Error, session: Http3ServerSession): void;
  /** The engine has forgotten the connection. */
  onGone(session: Http3ServerSession): void;
}

/** Flag of node:http2's 'stream' event: the stream ended with the header section. */
const FLAG_END_STREAM = 1;
const HEADERS_TOO_LARGE_STATUS = 431;
/** Between the two GOAWAYs: requests that were under way when the first was sent arrive in this time. Milliseconds. */
const MIN_GOAWAY_DELAY = 10;
const MAX_GOAWAY_DELAY = 2000;

/** The server's side of one connection, in the manner of `node:http2`'s ServerHttp2Session. */
export class Http3ServerSession extends EventEmitter implements SessionsConnection, ServerConnectionEvents, ServerWork {
  readonly handle: number;
  readonly connection: ConnectionEntry;
  readonly #owner: SessionOwner;
  readonly #driver: Http3ServerDriver;
  readonly #streams = new Map<number, Http3ServerStream>();
  readonly #requestIds = new RequestIds();
  #webTransport: ConnectionSessions | undefined;
  #commands: (() => void)[] = [];
  #connected = false;
  /** `close` was called. */
  #closing = false;
  /** The final GOAWAY is sent. */
  #draining = false;
  #destroyed = false;
  #lastActivity = Date.now();
  /** The activity after which the last 'timeout' came. */
  #timedOutAfter: number | undefined;
  #timeout = 0;
  #timer: NodeJS.Timeout | undefined;
  #goawayTimer: NodeJS.Timeout | undefined;

  /** @internal Made by the server. */
  constructor(owner: SessionOwner, handle: number, connection: ConnectionEntry) {
    super();
    this.#owner = owner;
    this.#driver = owner.driver;
    this.handle = handle;
    this.connection = connection;
  }

  get id(): bigint {
    return this.connection.sessionId;
  }

  get socket(): Socket | undefined {
    return this.connection.socket;
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get remotePort(): number {
    return this.connection.remotePort;
  }

  get localAddress(): string {
    return this.connection.localAddress;
  }

  get localPort(): number {
    return this.connection.localPort;
  }

  get alpnProtocol(): string {
    return this.connection.tls?.alpn ?? '';
  }

  /** No new requests are taken. */
  get closed(): boolean {
    return this.#closing || this.#destroyed;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** The handshake is complete (or 0-RTT accepted). */
  get connected(): boolean {
    return this.#connected;
  }

  /** Requests open now, those of WebTransport sessions included. */
  get openStreams(): number {
    return this.#streams.size + (this.#webTransport?.size ?? 0);
  }

  /** @internal Made when it is needed first. */
  get webTransport(): ConnectionSessions | undefined {
    const { webTransport: service } = this.#owner;
    if (service === undefined || this.#destroyed) return undefined;
    this.#webTransport ??= new ConnectionSessions(this, service);
    return this.#webTransport;
  }

  /** @internal */
  get engine(): NeqoHttp3Server {
    return this.#driver.engine;
  }

  /** @internal */
  get fin(): boolean {
    return this.#driver.fin;
  }

  /** @internal */
  get sendDate(): boolean {
    return this.#owner.sendDate;
  }

  /** @internal */
  get limits(): SectionLimits {
    return this.#owner.limits;
  }

  /** Transport statistics of the connection; undefined when it has ended. */
  stats(): NativeStats | undefined {
    return this.#destroyed ? undefined : this.#driver.connectionStats(this.handle);
  }

  /**
   * Ends the session in order: GOAWAY, about a round trip later the GOAWAY that names the last request, and when all requests
   * up to it are answered and all WebTransport sessions have ended, the connection closes.
   */
  close(callback?: () => void): void {
    if (callback !== undefined) {
      if (this.#destroyed) process.nextTick(callback);
      else this.once('close', callback);
    }
    if (this.#closing || this.#destroyed) return;
    this.#closing = true;
    // During the handshake the client cannot be told yet; it is when that is complete.
    if (this.#connected) this.#enqueue(() => this.#announceEnd());
  }

  destroy(error?: Error, code?: number): void {
    if (this.#destroyed) return;
    const errorCode = code ?? (error === undefined ? H3_ERROR.H3_NO_ERROR : H3_ERROR.H3_INTERNAL_ERROR);
    count('code', code, 0, Number.MAX_SAFE_INTEGER);
    // Before the handshake's end nothing but a refusal can be told to the client.
    const { handle } = this;
    const established = this.#connected;
    this.#enqueue(() => {
      this.check(established ? this.engine.close(handle, errorCode, '') : this.engine.refuse(handle), 'close');
    });
    const end = { code: errorCode, error: error === undefined ? undefined : toHttp3Error(error, errorCode) };
    this.#finish(end, error, end.error ?? new SocketError('The session was destroyed'));
  }

  /** Emits 'timeout' after this many milliseconds without activity; 0 for never. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    count('milliseconds', milliseconds, 0, MAX_TIME);
    if (callback !== undefined) {
      if (typeof callback !== 'function') throw new InvalidArgumentError('callback: must be a function');
      if (milliseconds === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timeout = milliseconds;
    if (milliseconds > 0 && !this.#destroyed) this.#watchActivity(milliseconds);
    return this;
  }

  /** @internal */
  queue(work: ServerWork): void {
    this.#lastActivity = Date.now();
    if (!this.#destroyed) this.#driver.queue(work);
  }

  /** @internal */
  check(result: number, call: string): number {
    return this.#driver.check(result, call);
  }

  /** @internal */
  requestEnded(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#owner.onRequestEnded(stream);
  }

  /** @internal */
  streamClosed(streamId: number): void {
    this.requestEnded(streamId);
    if (this.#streams.delete(streamId)) this.#requestClosed();
  }

  /** @internal The client broke HTTP/3 or WebTransport. Inside a turn. */
  fail(errorCode: number, message: string): void {
    const errorName = h3ErrorName(errorCode);
    const text = `The client broke the protocol: ${errorName} (${message})`;
    this.destroy(new ConnectionError('ERR_HTTP3_CONNECTION', text, { errorCode, errorName }), errorCode);
  }

  /** @internal */
  streamHeardOf(streamId: number): void {
    this.#requestIds.add(streamId);
  }

  /** @internal */
  connectStreamOpened(): void {
    this.connection.streamOpened();
  }

  /** @internal */
  connectStreamClosed(): void {
    this.#requestClosed();
  }

  /** @internal What was queued for the coming turn. */
  runInTurn(): void {
    const commands = this.#commands;
    this.#commands = [];
    for (const command of commands) command();
  }

  /** @internal */
  stateChanged(state: number, reason: CloseReason): void {
    if (state === Http3State.ZERO_RTT || state === Http3State.CONNECTED)
      this.#established(state === Http3State.ZERO_RTT);
    else if (state === Http3State.CLOSING || state === Http3State.CLOSED) this.#ended(reason);
    if (state === Http3State.CLOSED) this.#owner.onGone(this);
  }

  /** @internal */
  requestReceived(streamId: number, fields: readonly string[], fin: boolean): void {
    this.#requestIds.add(streamId);
    if (this.#destroyed) return;
    this.received();
    if (exceedsLimits(fields, this.limits)) {
      this.headersTooLarge(streamId);
      return;
    }
    let stream: Http3ServerStream;
    let headers: IncomingHttpHeaders;
    try {
      const section = parseRequestSection(fields, this.#owner.webTransport !== undefined);
      headers = section.headers;
      if (fin && (section.contentLength ?? 0) > 0) throw new MessageError('no body for its content-length', 'request');
      if (section.protocol !== undefined) {
        this.webTransport?.requestReceived(streamId, headers, fields, fin);
        return;
      }
      this.#webTransport?.ordinaryRequestReceived(streamId);
      stream = new Http3ServerStream(this, streamId, headers, section.contentLength, fin);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.check(this.engine.cancelStream(this.handle, streamId, H3_ERROR.H3_MESSAGE_ERROR), 'cancelStream');
      return;
    }
    this.#streams.set(streamId, stream);
    this.connection.streamOpened();
    if (!fin) this.#owner.onRequestBegun(stream);
    this.#deliver(stream, headers, fin ? FLAG_END_STREAM : 0, fields);
  }

  /** @internal RFC 9114 4.2.2: an answer tells more than a reset. */
  headersTooLarge(streamId: number): void {
    const { engine, handle } = this;
    this.#requestIds.add(streamId);
    const head = `:status\0${HEADERS_TOO_LARGE_STATUS}\0`;
    if (this.check(engine.respond(handle, streamId, head, undefined, 0, 0, true), 'respond') < 0) {
      // Not even that much is taken by the client.
      this.check(engine.resetStream(handle, streamId, H3_ERROR.H3_INTERNAL_ERROR), 'resetStream');
    }
    this.check(engine.stopSending(handle, streamId, H3_ERROR.H3_NO_ERROR), 'stopSending');
  }

  /** @internal */
  trailersReceived(streamId: number, fields: readonly string[]): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#webTransport?.trailersReceived(streamId);
    else stream.onTrailers(fields);
  }

  /** @internal */
  dataReadable(streamId: number): void {
    this.received();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#webTransport?.dataReadable(streamId);
    else stream.onDataReadable();
  }

  /** @internal */
  dataWritable(streamId: number): void {
    this.received();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#webTransport?.dataWritable(streamId);
    else stream.onDataWritable();
  }

  /** @internal */
  reset(streamId: number, errorCode: number): void {
    if (this.#webTransport?.reset(streamId, errorCode) === true) return;
    // Before its header section was complete, or it was malformed: the sending half is nobody's, and must not stay open.
    if (this.#requestIds.add(streamId)) {
      this.check(this.engine.resetStream(this.handle, streamId, errorCode), 'resetStream');
    } else this.#streams.get(streamId)?.onReset(errorCode);
  }

  /** @internal */
  stopSending(streamId: number, errorCode: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#webTransport?.stopSending(streamId, errorCode);
    else stream.onStopSending(errorCode);
  }

  /** @internal */
  priorityUpdated(streamId: number, urgency: number, incremental: boolean): void {
    this.#streams.get(streamId)?.onPriority(urgency, incremental);
  }

  /** @internal */
  received(): void {
    this.#lastActivity = Date.now();
    this.connection.received();
  }

  /** @internal */
  pathChanged(addresses: PathAddresses): void {
    this.connection.moved(addresses);
  }

  #requestClosed(): void {
    this.connection.streamClosed();
    if (this.#draining && this.openStreams === 0) this.#enqueue(() => this.#closeIfDone());
  }

  #deliver(stream: Http3ServerStream, headers: IncomingHttpHeaders, flags: number, fields: readonly string[]): void {
    const own = this.listenerCount('stream') > 0;
    const fine = !own || emitSafely(this, 'stream', stream, headers, flags, fields);
    if (!fine) stream.close(H3_ERROR.H3_INTERNAL_ERROR);
    else if (!this.#owner.onStream(stream, headers, flags, fields) && !own) {
      stream.close(H3_ERROR.H3_REQUEST_REJECTED);
    }
  }

  #established(inZeroRtt: boolean): void {
    if (this.#destroyed) return;
    const tls = connectionTls(this.engine.connectionInfo(this.handle), inZeroRtt);
    if (this.#connected) {
      this.connection.handshakeCompleted(tls);
      return;
    }
    this.#connected = true;
    this.connection.connected(tls);
    // A listener for 'connect' may have ended it.
    if (this.#destroyed) return;
    this.#owner.onSession(this);
    if (this.#closing) this.#enqueue(() => this.#announceEnd());
  }

  #announceEnd(): void {
    this.check(this.engine.goaway(this.handle, false), 'goaway');
    this.#webTransport?.drain();
    const roundTrip = this.#driver.connectionStats(this.handle)?.rttMs ?? 0;
    const delay = Math.min(Math.max(MIN_GOAWAY_DELAY, roundTrip * 1.5), MAX_GOAWAY_DELAY);
    this.#goawayTimer = setTimeout(() => this.#enqueue(() => this.#drain()), delay);
  }

  #drain(): void {
    this.#draining = true;
    this.check(this.engine.goaway(this.handle, true), 'goaway');
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.openStreams > 0) return;
    this.check(this.engine.closeWhenSent(this.handle, H3_ERROR.H3_NO_ERROR), 'close');
  }

  #ended(reason: CloseReason): void {
    if (this.#destroyed) return;
    const error = closeReasonToError(reason, this.#connected, 'client');
    const failed = !this.#connected || !isClean(reason);
    this.#finish({ code: reason.code, error: failed ? error : undefined }, failed ? error : undefined, error);
  }

  /** The session is over for its users: once. `reason` is what its streams are told. */
  #finish(end: ConnectionEnd, error: Error | undefined, reason: Error): void {
    this.#destroyed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#goawayTimer);
    for (const stream of [...this.#streams.values()]) stream.onConnectionLost(end.code, reason);
    this.#webTransport?.connectionLost(end.code, toHttp3Error(reason, end.code));
    if (this.#connected && error !== undefined) {
      if (this.listenerCount('error') > 0) emitSafely(this, 'error', error);
      this.#owner.onSessionError(error, this);
    } else if (!this.#connected && end.error !== undefined) {
      this.#owner.onHandshakeError(end.error, this);
    }
    emitSafely(this, 'close');
    this.connection.closed(end);
  }

  #enqueue(command: () => void): void {
    if (this.#destroyed) return;
    this.#commands.push(command);
    if (this.#commands.length === 1) this.#driver.queue(this);
  }

  #watchActivity(delay: number): void {
    this.#timer = setTimeout(() => {
      const last = this.#lastActivity;
      const left = last + this.#timeout - Date.now();
      this.#watchActivity(left > 0 ? left : this.#timeout);
      // Once for each time of idleness, as of node's sockets.
      if (left > 0 || last === this.#timedOutAfter) return;
      // Nothing need be said in a WebTransport session.
      if ((this.#webTransport?.open ?? 0) > 0) return;
      this.#timedOutAfter = last;
      const heard = this.emit('timeout');
      if (!this.#owner.onTimeout(this) && !heard) this.destroy();
    }, delay).unref();
  }
}
