import {
  ClientClosedError,
  ClientDestroyedError,
  ConnectionError,
  H3_ERROR,
  type Http3Error,
  QueueFullError,
} from '../errors.js';
import type { ConnectionInfo, Session } from '../session/session-types.js';
import { checkStoredToken, type StoredToken } from '../session/token-store.js';
import type { HttpConnectionUDP } from '../transport/http-connection-udp.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import type { ConnectionReclaimer } from './connection-handler.js';
import type { ResolvedConnectionOptions } from './connection-options.js';
import { ConnectionRace, type ConnectTimings, type RaceOwner } from './connection-race.js';
import type { HttpTransaction, TransactionOwner } from './http-transaction.js';
import type { Origin } from './origin.js';

/** Told of what happens to an origin's connections; called in a stack of its own. */
export interface ConnectionEntryListener {
  onConnect(info: ConnectionInfo, timings: ConnectTimings): void;
  /** The server takes no new requests on the present connection; the next request opens another. */
  onGoaway(): void;
  /** The present connection is over. */
  onDisconnect(error: Http3Error): void;
  /** No connection could be made; the requests that waited have failed. */
  onConnectionError(error: Http3Error): void;
  /** The token store failed; only resumption suffers. */
  onTokenStoreError(error: unknown): void;
  /** Closed for good, all requests settled. */
  onClose(): void;
}

/**
 * All connections to one origin: necko's ConnectionEntry. New requests go to the current connection; when it ends or is told to
 * go away, the requests that the server has certainly not seen move to a new one.
 */
export class ConnectionEntry implements RaceOwner, TransactionOwner {
  readonly #origin: Origin;
  readonly #options: ResolvedConnectionOptions;
  readonly #service: SocketTransportService;
  readonly #reclaimer: ConnectionReclaimer & { adopt(connection: HttpConnectionUDP): void };
  readonly #listener: ConnectionEntryListener;
  readonly #pending = new Set<HttpTransaction>();
  /** Sessions that still carry streams: the current one, and those told to go away. */
  readonly #sessions = new Set<Session>();
  #current: Session | undefined;
  /** In 0-RTT, its handshake still under way: takes safe requests only. */
  #early: Session | undefined;
  #race: ConnectionRace | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** The option's, or what the server gave us instead. */
  #echConfigList: Uint8Array | undefined;
  #closing = false;
  #destroyed = false;
  #closeReported = false;

  constructor(
    origin: Origin,
    options: ResolvedConnectionOptions,
    service: SocketTransportService,
    reclaimer: ConnectionReclaimer & { adopt(connection: HttpConnectionUDP): void },
    listener: ConnectionEntryListener,
  ) {
    this.#origin = origin;
    this.#options = options;
    this.#service = service;
    this.#reclaimer = reclaimer;
    this.#listener = listener;
    this.#echConfigList = options.echConfigList;
  }

  /** The session that takes new requests. */
  get current(): Session | undefined {
    return this.#current;
  }

  /** Requests that wait for a connection. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Requests on a connection, waiting for a stream included. */
  get runningCount(): number {
    let count = 0;
    for (const session of this.#sessions) count += session.streamCount;
    return count;
  }

  get closed(): boolean {
    return this.#closing;
  }

  /** Takes a new request: nsHttpConnectionMgr::ProcessNewTransaction. A request that cannot be taken fails in a later turn. */
  processNewTransaction(transaction: HttpTransaction): void {
    if (this.#closing) {
      const error = this.#destroyed ? new ClientDestroyedError() : new ClientClosedError();
      process.nextTick(() => transaction.fail(error));
      return;
    }
    const waiting = this.#pending.size + (this.#current?.waitingCount ?? 0) + (this.#early?.waitingCount ?? 0);
    if (waiting >= this.#options.maxQueuedRequests) {
      process.nextTick(() => transaction.fail(new QueueFullError(this.#options.maxQueuedRequests)));
      return;
    }
    transaction.owner = this;
    this.#dispatch(transaction);
  }

  /** Opens a connection if there is none. */
  connect(): void {
    if (!this.#closing) this.#ensureConnection();
  }

  /** No new requests; closes the connections when those under way are finished. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closeIfDone();
  }

  /** Ends everything at once: CONNECTION_CLOSE is sent once, and every request fails with `reason`. */
  destroy(reason: Http3Error): void {
    if (this.#destroyed) return;
    this.#closing = true;
    this.#destroyed = true;
    this.#race?.cancel(reason);
    this.#race = undefined;
    this.#failPending(reason);
    for (const session of this.#sessions) session.close(H3_ERROR.H3_NO_ERROR, reason, true);
    this.#closeIfDone();
  }

  onConnectionMade(connection: HttpConnectionUDP): void {
    this.#reclaimer.adopt(connection);
  }

  onEarlyData(session: Session): void {
    // Only safe requests leave before the handshake's end; the others wait in the session.
    if (this.#race?.has(session) !== true) return;
    this.#early = session;
    this.#sessions.add(session);
    for (const transaction of [...this.#pending]) {
      if (!transaction.safeForEarlyData) continue;
      this.#pending.delete(transaction);
      session.addStream(transaction);
    }
  }

  onConnected(session: Session): void {
    const race = this.#race;
    if (race?.has(session) !== true) return;
    this.#race = undefined;
    this.#early = undefined;
    this.#current = session;
    this.#sessions.add(session);
    this.#echConfigList = race.echConfigList;
    race.won(session);
    const waiting = [...this.#pending];
    this.#pending.clear();
    for (const transaction of waiting) session.addStream(transaction);
    const { info } = session;
    const { timings } = race;
    if (info !== undefined) this.#tell(() => this.#listener.onConnect(info, timings));
    this.onActivityChanged(session);
  }

  onRaceFailed(error: Http3Error): void {
    this.#race = undefined;
    this.#failPending(error);
    this.#tell(() => this.#listener.onConnectionError(error));
    this.#closeIfDone();
  }

  onGoaway(session: Session): void {
    if (session !== this.#current) return;
    this.#current = undefined;
    this.#tell(() => this.#listener.onGoaway());
    if (this.#pending.size > 0) this.#ensureConnection();
    this.#closeIfIdle(session);
  }

  onActivityChanged(session: Session): void {
    if (!this.#sessions.has(session) || !session.connected) return;
    if (session === this.#current) this.#restartIdleTimer(session);
    else this.#closeIfIdle(session);
    this.#closeIfDone();
  }

  onResumptionToken(_session: Session, token: StoredToken): void {
    const { tokenStore } = this.#options;
    if (tokenStore === undefined) return;
    try {
      Promise.resolve(tokenStore.put(this.#tokenKey(), token)).catch((error: unknown) => this.#tokenStoreFailed(error));
    } catch (error) {
      this.#tokenStoreFailed(error);
    }
  }

  onClosed(session: Session, reason: Http3Error, echConfigList: Uint8Array | undefined): void {
    this.#sessions.delete(session);
    if (session === this.#early) this.#early = undefined;
    if (this.#race?.has(session) === true) {
      this.#race.attemptFailed(session, reason, echConfigList);
      return;
    }
    if (session === this.#current) {
      this.#current = undefined;
      clearTimeout(this.#idleTimer);
      this.#tell(() => this.#listener.onDisconnect(reason));
    }
    if (this.#pending.size > 0 && !this.#destroyed) this.#ensureConnection();
    this.#closeIfDone();
  }

  /** The server has certainly not processed the request: once more, on whatever connection takes it. */
  retry(transaction: HttpTransaction): boolean {
    if (this.#destroyed) return false;
    transaction.restart();
    this.#pending.add(transaction);
    // Not at once: the connection that just refused it may be about to say GOAWAY.
    queueMicrotask(() => {
      // Also while closing: a graceful close finishes what was accepted before it.
      if (this.#pending.delete(transaction)) this.#dispatch(transaction);
    });
    return true;
  }

  abandoned(transaction: HttpTransaction): void {
    if (this.#pending.delete(transaction)) this.#closeIfDone();
  }

  #dispatch(transaction: HttpTransaction): void {
    const session = this.#current ?? (transaction.safeForEarlyData ? this.#early : undefined);
    if (session?.canReuse === true) {
      clearTimeout(this.#idleTimer);
      session.addStream(transaction);
      return;
    }
    this.#pending.add(transaction);
    this.#ensureConnection();
  }

  #ensureConnection(): void {
    if (this.#race !== undefined || this.#current?.canReuse === true) return;
    this.#current = undefined;
    const options = { ...this.#options, echConfigList: this.#echConfigList };
    this.#race = new ConnectionRace(this.#origin, options, this.#service, this.#reclaimer, this);
    this.#race.start(this.#takeToken);
  }

  readonly #takeToken = async (): Promise<StoredToken | undefined> => {
    try {
      const token = await this.#options.tokenStore?.take(this.#tokenKey());
      return token === undefined ? undefined : checkStoredToken(token);
    } catch (error) {
      this.#tokenStoreFailed(error);
      return undefined;
    }
  };

  #tokenStoreFailed(error: unknown): void {
    this.#tell(() => this.#listener.onTokenStoreError(error));
  }

  /** A resumed handshake verifies nothing: the key says how the first one was verified. */
  #tokenKey(): string {
    const { serverName, trustAnchors } = this.#options;
    return `h3|${this.#origin.host}:${this.#origin.port}|${serverName}|${trustAnchors?.fingerprint ?? 'insecure'}`;
  }

  #failPending(reason: Http3Error): void {
    const waiting = [...this.#pending];
    this.#pending.clear();
    for (const transaction of waiting) transaction.fail(reason);
  }

  #restartIdleTimer(session: Session): void {
    clearTimeout(this.#idleTimer);
    const { keepAliveTimeout } = this.#options;
    if (session.streamCount > 0 || keepAliveTimeout === 0) return;
    this.#idleTimer = setTimeout(() => this.#closeIdle(session), keepAliveTimeout);
    this.#idleTimer.unref();
  }

  #closeIdle(session: Session): void {
    if (session === this.#current && session.streamCount === 0) this.#current = undefined;
    this.#closeIfIdle(session);
  }

  #closeIfIdle(session: Session): void {
    if (session === this.#current || session.streamCount > 0 || session.closed) return;
    session.close(
      H3_ERROR.H3_NO_ERROR,
      new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection was closed by this side'),
    );
  }

  #closeIfDone(): void {
    if (!this.#closing || this.#closeReported) return;
    if (this.#pending.size > 0 || this.runningCount > 0) return;
    this.#race?.cancel(new ClientClosedError());
    this.#race = undefined;
    this.#current = undefined;
    clearTimeout(this.#idleTimer);
    for (const session of this.#sessions) this.#closeIfIdle(session);
    // Ending the race has called this again.
    if (this.#sessions.size > 0 || this.#closeReported) return;
    this.#closeReported = true;
    this.#tell(() => this.#listener.onClose());
  }

  /** Listeners are user code: they run on a stack of their own. */
  #tell(event: () => void): void {
    process.nextTick(event);
  }
}
