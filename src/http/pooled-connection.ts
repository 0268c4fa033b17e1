import { ConnectionError, H3_ERROR, type Http3Error } from '../errors.js';
import type { ConnectionInfo, Session } from '../session/session-types.js';
import { checkStoredToken, type StoredToken } from '../session/token-store.js';
import type { HttpConnectionUDP } from '../transport/http-connection-udp.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import type { Address } from './address-order.js';
import type { ConnectionReclaimer } from './connection-handler.js';
import type { ResolvedConnectionOptions } from './connection-options.js';
import { ConnectionRace, type ConnectTimings, type RaceOwner } from './connection-race.js';
import type { HttpTransaction, TransactionCarrier } from './http-transaction.js';
import type { Origin } from './origin.js';
import type { Route } from './route.js';

/** Who sends requests on a connection: the pool that made it, and those that coalescing lends it to. */
export interface ConnectionUser {
  /** Requests of it wait for room. */
  readonly hasWaiting: boolean;
  /** It can take requests that it could not take before. */
  onRoom(connection: PooledConnection): void;
  /** It takes no more requests: the server said so (GOAWAY), or this side. */
  onRetired(connection: PooledConnection, goaway: boolean): void;
  /** It is over; its requests have been told. */
  onClosed(connection: PooledConnection, reason: Http3Error): void;
}

/** The pool that made a connection. */
export interface ConnectionOwner extends ConnectionUser {
  /** What connections of the same security have in common; undefined if they are not for others to use. */
  readonly coalescingKey: string | undefined;
  onConnected(connection: PooledConnection, info: ConnectionInfo): void;
  /** It never came to be. */
  onConnectFailed(connection: PooledConnection, error: Http3Error): void;
  /** Before its first packet it turned out that `other`, another origin's, serves as well; this one is over. */
  onReplaced(connection: PooledConnection, other: PooledConnection): void;
  onTokenStoreError(error: unknown): void;
  /** A PING was acknowledged after `ms` milliseconds. */
  onPing(ms: number): void;
}

/** Who keeps the books of all connections: the directory. */
export interface ConnectionSupervisor {
  readonly service: SocketTransportService;
  readonly reclaimer: ConnectionReclaimer & { adopt(connection: HttpConnectionUDP): void };
  /** Its addresses are known. False: it has to wait for {@link PooledConnection.proceed}, or it was replaced. */
  admit(connection: PooledConnection, addresses: readonly Address[]): boolean;
  established(connection: PooledConnection, info: ConnectionInfo): void;
  /** No requests are on it any more. */
  idle(connection: PooledConnection): void;
  /** It takes no more requests. */
  retired(connection: PooledConnection): void;
  /** It is over, or was never made. Idempotent. */
  released(connection: PooledConnection): void;
}

/** What a connection is made of. */
export interface ConnectionPlan {
  readonly origin: Origin;
  readonly route: Route;
  readonly options: ResolvedConnectionOptions;
  /** Streams at a time. */
  readonly maxConcurrentStreams: number;
  /** No other origin's connection will do. */
  readonly ownOnly: boolean;
}

const Phase = { CONNECTING: 0, EARLY: 1, CONNECTED: 2, RETIRED: 3, CLOSED: 4 } as const;

/** A ticket takes one round trip, and more if it is lost. */
const TOKEN_ROUND_TRIPS = 4;
/** Milliseconds. */
const MAX_TOKEN_PATIENCE = 1000;

/** One connection of a pool: from the look-up of its name to its end. */
export class PooledConnection implements RaceOwner, TransactionCarrier {
  readonly plan: ConnectionPlan;
  readonly owner: ConnectionOwner;
  readonly #supervisor: ConnectionSupervisor;
  /** All who may have requests on it. */
  readonly #users: Set<ConnectionUser>;
  #phase: (typeof Phase)[keyof typeof Phase] = Phase.CONNECTING;
  readonly #race: ConnectionRace;
  /** From 0-RTT on, else from the end of the handshake. */
  #session: Session | undefined;
  #established = false;
  #idleSince = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #tokenReceived = false;
  #tokenTimer: NodeJS.Timeout | undefined;

  constructor(plan: ConnectionPlan, owner: ConnectionOwner, supervisor: ConnectionSupervisor) {
    this.plan = plan;
    this.owner = owner;
    this.#supervisor = supervisor;
    this.#users = new Set([owner]);
    this.#race = new ConnectionRace(plan.route, plan.options, supervisor.service, supervisor.reclaimer, this);
  }

  /** Begins with the look-up. */
  start(): void {
    this.#race.start(this.#takeToken);
  }

  /** Its place among all connections has come. */
  proceed(): void {
    this.#race.proceed();
  }

  /** Whether requests wait for its handshake; if not, the process does not stay for it. */
  set awaited(awaited: boolean) {
    this.#race.awaited = awaited;
  }

  /** Another connection serves its owner. */
  replace(other: PooledConnection): void {
    if (this.#phase !== Phase.CONNECTING) return;
    this.#abandon(new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'Coalesced', { safeToRetry: true }));
    this.owner.onReplaced(this, other);
  }

  get established(): boolean {
    return this.#established;
  }

  /** Established, and takes requests. */
  get connected(): boolean {
    return this.#phase === Phase.CONNECTED;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get info(): ConnectionInfo | undefined {
    return this.#session?.info;
  }

  /** When the setting up began, and its steps. */
  get timings(): Readonly<ConnectTimings> {
    return this.#race.timings;
  }

  /** ECH configurations that the handshake used: the route's, or what the server gave instead. */
  get echConfigList(): Uint8Array | undefined {
    return this.#race.echConfigList;
  }

  /** Connected without requests since then, `performance.now()`; undefined if it is not so. */
  get idleSince(): number | undefined {
    return this.connected && this.#session?.streamCount === 0 ? this.#idleSince : undefined;
  }

  /** Somebody waits for room on it. */
  get wanted(): boolean {
    for (const user of this.#users) if (user.hasWaiting) return true;
    return false;
  }

  /** Requests it would take now; in 0-RTT only safe ones. */
  get room(): number {
    const session = this.#session;
    if (session === undefined || this.#phase > Phase.CONNECTED || !session.canReuse || session.blocked) return 0;
    return this.plan.maxConcurrentStreams - session.streamCount;
  }

  probe(): void {
    this.#session?.probe();
  }

  /** Gives it a request; only if there is {@link room}. */
  carry(transaction: HttpTransaction, altUsed: string | undefined): void {
    transaction.carriedBy(this, altUsed);
    this.#session?.addStream(transaction);
  }

  /** Lets another pool use it. */
  lend(user: ConnectionUser): void {
    this.#users.add(user);
  }

  /** A pool uses it no more. Without its owner it takes no more requests, and ends with those that it has. */
  leave(user: ConnectionUser): void {
    if (!this.#users.delete(user)) return;
    if (user === this.owner) this.retire();
  }

  /** Another than `user` may have requests on it. */
  sharedBesides(user: ConnectionUser): boolean {
    return this.#users.size > (this.#users.has(user) ? 1 : 0);
  }

  /** A request of one of its users ended: there is room for another's. */
  requestEnded(user: ConnectionUser): void {
    user.onRoom(this);
    if (this.#users.size > 1) for (const other of this.#users) if (other !== user) other.onRoom(this);
  }

  /** Takes no more requests; closed when those under way are finished. Not for one that is in 0-RTT with requests. */
  retire(goaway = false): void {
    if (!this.#established) {
      this.#abandon(new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection is not needed any more'));
      return;
    }
    if (this.#phase >= Phase.RETIRED) return;
    this.#phase = Phase.RETIRED;
    clearTimeout(this.#idleTimer);
    this.#supervisor.retired(this);
    for (const user of [...this.#users]) user.onRetired(this, goaway);
    this.#closeIfIdle();
  }

  /** Ends it at once; its requests fail with `reason`. */
  destroy(reason: Http3Error): void {
    if (this.#established) this.#session?.close(H3_ERROR.H3_NO_ERROR, reason, true);
    else this.#abandon(reason);
  }

  onResolved(addresses: readonly Address[]): boolean {
    return this.#supervisor.admit(this, addresses);
  }

  onConnectionMade(connection: HttpConnectionUDP): void {
    this.#supervisor.reclaimer.adopt(connection);
  }

  onEarlyData(session: Session): void {
    if (this.#phase !== Phase.CONNECTING || !this.#race.has(session)) return;
    this.#phase = Phase.EARLY;
    this.#session = session;
    this.owner.onRoom(this);
  }

  onConnected(session: Session): void {
    const { info } = session;
    if (!this.#race.has(session) || info === undefined) return;
    this.#phase = Phase.CONNECTED;
    this.#session = session;
    this.#established = true;
    this.#race.won(session);
    this.#supervisor.established(this, info);
    this.owner.onConnected(this, info);
    // Said in 0-RTT already.
    if (!session.canReuse) this.retire(true);
    this.onActivityChanged(session);
  }

  onRaceFailed(error: Http3Error): void {
    this.#over();
    this.owner.onConnectFailed(this, error);
  }

  onGoaway(session: Session): void {
    if (session === this.#session && this.#established) this.retire(true);
  }

  onRequestsCreatable(session: Session): void {
    if (session !== this.#session) return;
    for (const user of [...this.#users]) user.onRoom(this);
  }

  onActivityChanged(session: Session): void {
    if (session !== this.#session || !session.connected || session.streamCount > 0) return;
    if (this.#phase === Phase.RETIRED) this.#closeIfIdle();
    else {
      this.#idleSince = performance.now();
      this.#restartIdleTimer();
      this.#supervisor.idle(this);
    }
  }

  onPing(_session: Session, ms: number): void {
    this.owner.onPing(ms);
  }

  onResumptionToken(_session: Session, token: StoredToken): void {
    const { tokenStore } = this.plan.options;
    this.#tokenReceived = true;
    if (this.#tokenTimer !== undefined) this.#close();
    if (tokenStore === undefined) return;
    try {
      Promise.resolve(tokenStore.put(this.#tokenKey(), token)).catch((error: unknown) =>
        this.owner.onTokenStoreError(error),
      );
    } catch (error) {
      this.owner.onTokenStoreError(error);
    }
  }

  onClosed(session: Session, reason: Http3Error, echConfigList: Uint8Array | undefined): void {
    if (this.#race.has(session)) {
      if (session === this.#session) {
        // The attempt with the token; others may still win.
        this.#session = undefined;
        if (this.#phase === Phase.EARLY) this.#phase = Phase.CONNECTING;
      }
      this.#race.attemptFailed(session, reason, echConfigList);
      return;
    }
    if (session !== this.#session || this.#phase === Phase.CLOSED) return;
    this.#over();
    for (const user of [...this.#users]) user.onClosed(this, reason);
  }

  /** Nothing of it is of use: nobody is told. */
  #abandon(reason: Http3Error): void {
    this.#over();
    this.#race.cancel(reason);
  }

  #over(): void {
    this.#phase = Phase.CLOSED;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#tokenTimer);
    this.#supervisor.released(this);
  }

  #restartIdleTimer(): void {
    const { keepAliveTimeout } = this.plan.options;
    if (keepAliveTimeout === 0) return;
    if (this.#idleTimer === undefined) {
      this.#idleTimer = setTimeout(() => {
        if (this.idleSince !== undefined) this.retire();
      }, keepAliveTimeout);
      this.#idleTimer.unref();
    } else this.#idleTimer.refresh();
  }

  #closeIfIdle(): void {
    const session = this.#session;
    if (session === undefined || session.streamCount > 0 || session.closed || this.#tokenTimer !== undefined) return;
    const patience = this.#tokenPatience(session);
    if (patience > 0) this.#tokenTimer = setTimeout(() => this.#close(), patience);
    else this.#close();
  }

  /**
   * A response to a request in 0-RTT can be here before the server's next ticket, which follows the handshake. Milliseconds that it
   * gets, for the connection after this one.
   */
  #tokenPatience({ info }: Session): number {
    if (this.#tokenReceived || this.plan.options.tokenStore === undefined || info?.earlyData !== 'accepted') return 0;
    return Math.min(TOKEN_ROUND_TRIPS * (info.handshakeEnd - info.handshakeStart), MAX_TOKEN_PATIENCE);
  }

  #close(): void {
    clearTimeout(this.#tokenTimer);
    this.#session?.close(
      H3_ERROR.H3_NO_ERROR,
      new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection was closed by this side'),
    );
  }

  readonly #takeToken = async (): Promise<StoredToken | undefined> => {
    try {
      const token = await soon(this.plan.options.tokenStore?.take(this.#tokenKey()));
      return token === undefined ? undefined : checkStoredToken(token);
    } catch (error) {
      this.owner.onTokenStoreError(error);
      return undefined;
    }
  };

  /** A resumed handshake verifies nothing: the key says how the first one was verified. */
  #tokenKey(): string {
    const { origin, options } = this.plan;
    return `h3|${origin.host}:${origin.port}|${options.serverName}|${options.trustAnchors?.fingerprint ?? 'insecure'}`;
  }
}

/** Milliseconds that a token store gets: a full handshake is better than none. */
const TOKEN_STORE_PATIENCE = 1000;

/** @throws Error if it takes too long */
async function soon<T>(value: T | Promise<T>): Promise<T> {
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The token store did not answer in time')), TOKEN_STORE_PATIENCE);
  });
  try {
    return await Promise.race([value, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
