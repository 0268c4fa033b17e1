import { H3_ERROR, type Http3Error, WEBTRANSPORT_ERROR, WebTransportSessionError } from '../../errors.js';
import { contain } from './containment.js';
import type { ControlChannel } from './control-channel.js';
import type { BlockedSenders } from './datagram-sender.js';
import { EarlyArrivals, EarlyBudget } from './early-arrivals.js';
import { Http3WebTransportSession } from './http3-webtransport-session.js';
import { Http3WebTransportStream, type StreamOwner } from './http3-webtransport-stream.js';
import type { WebTransportLimits } from './limits.js';
import type { SessionMux } from './session-types.js';
import { StreamOpener, type StreamRequest } from './stream-opener.js';
import { TurnQueue } from './turn-queue.js';
import {
  chooseClientVersion,
  chooseServerVersion,
  type InitialSessionLimits,
  initialSessionLimits,
  localSettings,
  sessionLimit,
  settingsDefect,
  type WebTransportRole,
  type WebTransportVersion,
} from './versions.js';
import type { WebTransportCarrier } from './webtransport-carrier.js';

/** Ids of sessions that are over, for streams and datagrams that come too late; older ones count as unknown. */
const MAX_ENDED_SESSIONS = 256;

export interface MuxCounters {
  /** Datagrams of sessions that are over, were never there, or of which too many came early. */
  readonly datagramsDropped: number;
  /** Streams refused for the same reasons. */
  readonly streamsRefused: number;
}

/**
 * The WebTransport of one connection, either end: hands streams and datagrams to the sessions they belong to.
 *
 * The connection's event dispatch calls it, inside turns, for every event that may concern WebTransport.
 */
export class WebTransportMux implements SessionMux {
  readonly turns: TurnQueue;
  readonly blockedSenders: BlockedSenders = new Set();
  readonly limits: WebTransportLimits;
  readonly #role: WebTransportRole;
  readonly #bidirectional: StreamOpener;
  readonly #unidirectional: StreamOpener;
  readonly #budget: EarlyBudget;
  readonly #sessions = new Map<number, Http3WebTransportSession>();
  readonly #streams = new Map<number, Http3WebTransportStream>();
  /** What is held for sessions whose CONNECT request has not arrived. */
  readonly #unknown = new Map<number, EarlyArrivals>();
  readonly #endedSessions = new Set<number>();
  #settings: ReadonlyMap<number, number> | undefined;
  #version: WebTransportVersion | undefined;
  #negotiationWaiters: ((version: WebTransportVersion | undefined) => void)[] = [];
  #draining = false;
  #sendGroups = 0;
  #datagramsDropped = 0;
  #streamsRefused = 0;

  constructor(carrier: WebTransportCarrier, role: WebTransportRole, limits: WebTransportLimits) {
    this.turns = new TurnQueue(carrier);
    this.#role = role;
    this.limits = limits;
    this.#bidirectional = new StreamOpener(this.turns);
    this.#unidirectional = new StreamOpener(this.turns);
    this.#budget = new EarlyBudget(limits);
  }

  /** SETTINGS to send, flat: identifier, value, identifier, value … */
  static localSettings(role: WebTransportRole, limits: WebTransportLimits): readonly number[] {
    return localSettings(role, limits);
  }

  /**
   * The newest version that both ends speak: undefined before the peer's SETTINGS, or if there is none. On a server the
   * request decides; see {@link versionFor}.
   */
  get version(): WebTransportVersion | undefined {
    return this.#version;
  }

  /** Sessions, those included that wait for the end of their CONNECT stream. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** How many sessions of {@link version} the connection may have at once; 0 as long as there is no version. */
  get maxSessions(): number {
    if (this.#version === undefined) return 0;
    return sessionLimit(this.#version, this.#role, this.#settings ?? new Map(), this.limits);
  }

  /** Streams that are not over at both ends, of all sessions. */
  get streamCount(): number {
    return this.#streams.size;
  }

  get counters(): MuxCounters {
    return { datagramsDropped: this.#datagramsDropped, streamsRefused: this.#streamsRefused };
  }

  /** Nothing is kept for any session or stream: for tests of leaks. */
  get idle(): boolean {
    const counts = [this.#sessions, this.#streams, this.#unknown, this.blockedSenders, this.turns];
    const waiting = this.#bidirectional.size + this.#unidirectional.size;
    return this.#budget.empty && waiting === 0 && counts.every(({ size }) => size === 0);
  }

  /** The peer's SETTINGS. */
  settingsReceived(settings: ReadonlyMap<number, number>): void {
    if (this.#settings !== undefined) return;
    this.#settings = settings;
    const defect = settingsDefect(settings);
    if (defect !== undefined) this.turns.carrier.closeConnection(H3_ERROR.H3_SETTINGS_ERROR, defect);
    else if (this.#role === 'client') this.#version = chooseClientVersion(settings);
    else this.#version = this.versionFor('webtransport') ?? this.versionFor('webtransport-h3');
    this.#tellNegotiated();
  }

  /** Calls `done` once, at once if the SETTINGS are there; undefined: the peer speaks no version, or the connection is over. */
  whenNegotiated(done: (version: WebTransportVersion | undefined) => void): void {
    if (this.#settings !== undefined || this.turns.over) done(this.#version);
    else this.#negotiationWaiters.push(done);
  }

  /** On a server: the version of a CONNECT request with this `:protocol`, or undefined: no WebTransport of this client. */
  versionFor(protocol: string): WebTransportVersion | undefined {
    return this.#settings === undefined ? undefined : chooseServerVersion(this.#settings, protocol);
  }

  /** Whether one more session of this version may exist; if not, a server answers H3_REQUEST_REJECTED. */
  mayCreateSession(version: WebTransportVersion): boolean {
    return this.sessionCount < sessionLimit(version, this.#role, this.#settings ?? new Map(), this.limits);
  }

  /**
   * The CONNECT stream is there: sent on a client, arrived on a server. Early streams and datagrams of this id are held
   * from before this until the session is accepted.
   *
   * @param version on a server, what {@link versionFor} says of the request
   * @throws WebTransportSessionError without a version
   */
  createSession(
    sessionId: number,
    control: ControlChannel,
    version: WebTransportVersion | undefined = this.#version,
  ): Http3WebTransportSession {
    if (version === undefined) {
      throw new WebTransportSessionError('ERR_WEBTRANSPORT_NOT_SUPPORTED', 'The peer does not support WebTransport');
    }
    const early = this.#unknown.get(sessionId) ?? this.#newEarlyArrivals(sessionId);
    this.#unknown.delete(sessionId);
    const session = new Http3WebTransportSession(this, sessionId, version, control, early);
    this.#sessions.set(sessionId, session);
    session.takeEarly();
    if (this.#draining) session.onDrain();
    return session;
  }

  /** On a server: the request stream with this id carries no session. What was held for it is refused. */
  noSession(sessionId: number): void {
    const early = this.#unknown.get(sessionId);
    if (early === undefined) return;
    this.#unknown.delete(sessionId);
    for (const stream of early.streams) this.#refuseStream(stream, WEBTRANSPORT_ERROR.WT_SESSION_GONE);
    early.discard();
    this.#rememberEnded(sessionId);
  }

  /** WEBTRANSPORT_STREAM: an incoming stream, its header read. */
  streamOpened(streamId: number, sessionId: number): void {
    if (!this.#isSessionId(sessionId)) return;
    const session = this.#sessions.get(sessionId);
    const early = session === undefined ? this.#holdUnknown(sessionId) : undefined;
    const owner = session ?? early ?? this.#newEarlyArrivals(sessionId);
    const stream = new Http3WebTransportStream(this.turns, streamId, false, owner);
    this.#streams.set(streamId, stream);
    let refusal: number | undefined;
    if (session !== undefined) refusal = session.streamArrived(stream);
    else if (early?.holdStream(stream) !== true) {
      early?.streamGone(stream);
      const gone = this.#role === 'client' || this.#endedSessions.has(sessionId);
      refusal = gone ? WEBTRANSPORT_ERROR.WT_SESSION_GONE : WEBTRANSPORT_ERROR.WT_BUFFERED_STREAM_REJECTED;
    }
    if (refusal !== undefined) this.#refuseStream(stream, refusal);
  }

  /** DATAGRAM. @param bytes the receiver's own */
  datagramReceived(sessionId: number, bytes: Buffer): void {
    if (!this.#isSessionId(sessionId)) return;
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) session.datagramArrived(bytes);
    else if (this.#holdUnknown(sessionId)?.holdDatagram(bytes) !== true) this.#datagramsDropped += 1;
  }

  /** STREAMS_CREATABLE, and the client's REQUESTS_CREATABLE. */
  streamsCreatable(bidirectional: boolean): void {
    this.#opener(bidirectional).creatable();
  }

  /** DATAGRAMS_WRITABLE. */
  datagramsWritable(): void {
    for (const sender of this.blockedSenders) {
      this.blockedSenders.delete(sender);
      sender.pending();
    }
  }

  /** @returns false: not a WebTransport stream */
  dataReadable(streamId: number): boolean {
    const stream = this.#streams.get(streamId);
    stream?.receiving?.readable();
    return stream !== undefined;
  }

  /** @returns false: not a WebTransport stream */
  dataWritable(streamId: number): boolean {
    const stream = this.#streams.get(streamId);
    stream?.sending?.writable();
    return stream !== undefined;
  }

  /** RESET_STREAM. @param code HTTP/3 error code. @returns false: not a WebTransport stream */
  reset(streamId: number, code: number): boolean {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return false;
    this.#breakOff(stream, code, () => stream.receiving?.wasReset(code));
    return true;
  }

  /** STOP_SENDING. @param code HTTP/3 error code. @returns false: not a WebTransport stream */
  stopSending(streamId: number, code: number): boolean {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return false;
    this.#breakOff(stream, code, () => stream.sending?.stopped(code));
    return true;
  }

  /** STREAM_FINISHED: everything that was sent, FIN included, is acknowledged. */
  streamFinished(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) contain(stream, () => stream.sending?.finished());
  }

  /** This end asks the peer to bring all sessions to an end (DRAIN). At any time. */
  drain(): void {
    for (const session of this.#sessions.values()) session.drain();
  }

  /** GOAWAY: the peer asks all sessions to come to an end. */
  goawayReceived(): void {
    this.#draining = true;
    for (const session of this.#sessions.values()) session.onDrain();
  }

  /** The connection is over: everything ends with the reason. Idempotent. */
  connectionLost(reason: Http3Error): void {
    if (this.turns.over) return;
    this.turns.end();
    for (const session of this.#sessions.values()) session.connectionLost(reason);
    this.#bidirectional.end();
    this.#unidirectional.end();
    for (const early of this.#unknown.values()) early.discard();
    for (const map of [this.#sessions, this.#streams, this.#unknown]) map.clear();
    this.#tellNegotiated();
  }

  // For sessions.

  initialSessionLimits(version: WebTransportVersion): InitialSessionLimits | undefined {
    return initialSessionLimits(version, this.#settings ?? new Map());
  }

  nextSendGroup(): number {
    this.#sendGroups += 1;
    return this.#sendGroups;
  }

  requestStream(request: StreamRequest): void {
    this.#opener(request.bidirectional).add(request);
  }

  cancelStreamRequest(request: StreamRequest): void {
    this.#opener(request.bidirectional).delete(request);
  }

  adoptOpened(streamId: number, session: StreamOwner): Http3WebTransportStream {
    const stream = new Http3WebTransportStream(this.turns, streamId, true, session);
    this.#streams.set(streamId, stream);
    return stream;
  }

  forgetSession(session: StreamOwner): void {
    if (this.#sessions.delete(session.id)) this.#rememberEnded(session.id);
  }

  /** Resets and stops an incoming stream that nobody gets. */
  #refuseStream(stream: Http3WebTransportStream, code: number): void {
    this.#streamsRefused += 1;
    this.#streams.delete(stream.id);
    this.turns.carrier.stopSending(stream.id, code);
    if (stream.bidirectional) this.turns.carrier.resetStream(stream.id, code);
  }

  /** A session's id is that of its CONNECT stream: bidirectional, opened by the client. */
  #isSessionId(sessionId: number): boolean {
    if (sessionId % 4 === 0) return true;
    this.turns.carrier.closeConnection(H3_ERROR.H3_ID_ERROR, `${sessionId} cannot be the id of a session`);
    return false;
  }

  /** Where to hold what is for a session that is not known; undefined if it can never be, or too many are held for. */
  #holdUnknown(sessionId: number): EarlyArrivals | undefined {
    const known = this.#unknown.get(sessionId);
    // A client knows all sessions: it makes them.
    if (known !== undefined || this.#role === 'client' || this.#endedSessions.has(sessionId)) return known;
    if (this.#unknown.size >= this.limits.maxUnknownSessions) return undefined;
    const early = this.#newEarlyArrivals(sessionId);
    this.#unknown.set(sessionId, early);
    return early;
  }

  #newEarlyArrivals(sessionId: number): EarlyArrivals {
    return new EarlyArrivals(sessionId, this.#budget, (stream) => this.#streams.delete(stream.id));
  }

  #rememberEnded(sessionId: number): void {
    this.#endedSessions.add(sessionId);
    if (this.#endedSessions.size <= MAX_ENDED_SESSIONS) return;
    for (const oldest of this.#endedSessions) {
      this.#endedSessions.delete(oldest);
      return;
    }
  }

  #opener(bidirectional: boolean): StreamOpener {
    return bidirectional ? this.#bidirectional : this.#unidirectional;
  }

  #tellNegotiated(): void {
    const waiters = this.#negotiationWaiters;
    this.#negotiationWaiters = [];
    for (const done of waiters) done(this.#version);
  }

  /**
   * A peer that ends a session breaks its streams off with WT_SESSION_GONE, which can come before the end itself: the halves wait
   * for that, since it says why.
   */
  #breakOff(stream: Http3WebTransportStream, code: number, breakOff: () => void): void {
    const sessionId = stream.session.id;
    const session = this.#sessions.get(sessionId);
    // Of a session that has ended meanwhile the streams are about to be told.
    const tells = session !== undefined || this.#endedSessions.has(sessionId);
    if (code !== WEBTRANSPORT_ERROR.WT_SESSION_GONE || !tells) contain(stream, breakOff);
    else session?.controlStopped(code);
  }
}
