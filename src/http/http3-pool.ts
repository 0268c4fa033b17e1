import { ClientClosedError, ClientDestroyedError, type Http3Error, QueueFullError } from '../errors.js';
import type { ConnectionInfo, Session } from '../session/session-types.js';
import type { ConnectionDirectory } from './connection-directory.js';
import type { ResolvedConnectionOptions } from './connection-options.js';
import type { ConnectTimings } from './connection-race.js';
import type { HttpTransaction, TransactionOwner } from './http-transaction.js';
import type { Origin } from './origin.js';
import { type ConnectionOwner, PooledConnection } from './pooled-connection.js';
import { ownRoute, type Route, sameEndpoint } from './route.js';
import { WaitingRequests } from './waiting-requests.js';

export type { Route };

/** Told of what happens to an origin's connections; called in a stack of its own. */
export interface PoolListener {
  /** A connection is established, or one of another origin serves this one too. */
  onConnect(info: ConnectionInfo, timings: Readonly<ConnectTimings>): void;
  /** No connection could be made; the requests that waited have failed. */
  onConnectFailed(error: Http3Error): void;
  /** The server takes no new requests on a connection. */
  onGoaway(): void;
  /**
   * An established connection is over.
   *
   * @param expected it took no requests any more: after GOAWAY, or because this side closes it (idle, or `close`)
   */
  onDisconnect(error: Http3Error, expected: boolean): void;
  /** No request and no connection is left. */
  onIdle(): void;
  /** Requests had to wait, and none does any more. */
  onDrain(): void;
  /** The token store failed; only resumption suffers. */
  onTokenStoreError(error: unknown): void;
  /** A PING was acknowledged after `ms` milliseconds (`pingInterval`). */
  onPing(ms: number): void;
  /** Closed for good, all requests settled. Exactly once. */
  onClose(): void;
}

export interface PoolOptions {
  /** Connections at a time to the origin. Default 1. */
  readonly connections?: number;
  /** Streams at a time on a connection; the server's limit holds besides. Default 100. */
  readonly maxConcurrentStreams?: number;
  readonly connection: ResolvedConnectionOptions;
}

export interface SubmitOptions {
  /** Not on a connection of another origin. */
  readonly ownConnection?: boolean;
  /** The connection, one of the pool's own, takes no request after this one. */
  readonly reset?: boolean;
}

/** Counts of a pool, as undici's PoolStats has them. */
export interface PoolStats {
  /** Connections that are established and take requests. */
  readonly connected: number;
  /** Those of them without requests. */
  readonly free: number;
  /** Requests on a connection that wait for a stream. */
  readonly pending: number;
  /** Requests sent, and not settled. */
  readonly running: number;
  /** Requests that wait for a connection, or for room on one. */
  readonly queued: number;
  /** All of these requests. */
  readonly size: number;
}

const DEFAULT_CONNECTIONS = 1;
const DEFAULT_MAX_CONCURRENT_STREAMS = 100;
/** After a connection failed while others work, before the next is tried, milliseconds. */
const GROW_PAUSE = 1000;
const OWN = { own: true, last: false } as const;
const LAST = { own: true, last: true } as const;

/**
 * The requests of one origin and its connections: necko's ConnectionEntry. Requests wait here, not on a connection, and are
 * taken in order; another connection is made only when all there are have no room. Requests that a server has certainly not
 * seen go to another connection. Each request is settled exactly once.
 */
export class Http3Pool implements ConnectionOwner, TransactionOwner {
  /** Where the next connection goes. Default: the origin itself. */
  route: Route;
  readonly coalescingKey: string | undefined;
  readonly #origin: Origin;
  readonly #options: Required<PoolOptions>;
  readonly #directory: ConnectionDirectory;
  readonly #listener: PoolListener;
  readonly #waiting = new WaitingRequests();
  readonly #running = new Set<HttpTransaction>();
  /** Own ones until they are over; they keep the pool from being closed. */
  readonly #own = new Set<PooledConnection>();
  /** Those of them that count as connections of the pool: not after GOAWAY. */
  readonly #counted = new Set<PooledConnection>();
  readonly #connecting = new Set<PooledConnection>();
  /** Established ones that take requests, borrowed ones last. */
  #usable: PooledConnection[] = [];
  /** What the server gave instead of the route's ECH configurations. */
  #echRetry: Route | undefined;
  #retriesScheduled = false;
  #growAfter = 0;
  #drainWanted = false;
  /** Somebody has asked for a connection, not only for what requests need. */
  #connectWanted = false;
  #idleReported = true;
  #closing = false;
  #destroyed = false;
  #closeReported = false;

  constructor(origin: Origin, options: PoolOptions, directory: ConnectionDirectory, listener: PoolListener) {
    const { connections = DEFAULT_CONNECTIONS, maxConcurrentStreams = DEFAULT_MAX_CONCURRENT_STREAMS } = options;
    this.#origin = origin;
    this.#options = { connections, maxConcurrentStreams, connection: options.connection };
    this.#directory = directory;
    this.#listener = listener;
    this.route = ownRoute(origin, options.connection.echConfigList);
    const { serverName, trustAnchors, localAddress = '' } = options.connection;
    // A name of its own, or no verification, says nothing about other origins.
    if (trustAnchors !== undefined && serverName === origin.host) {
      this.coalescingKey = `${trustAnchors.fingerprint} ${localAddress}`;
    }
  }

  /** No new requests. */
  get closed(): boolean {
    return this.#closing;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  get state(): 'none' | 'connecting' | 'connected' {
    if (this.#usable.length > 0) return 'connected';
    return this.#connecting.size > 0 ? 'connecting' : 'none';
  }

  /** When the oldest attempt to connect began, `performance.now()`. */
  get connectingSince(): number | undefined {
    const [oldest] = this.#connecting;
    return oldest?.timings.start;
  }

  /** The session that new requests go to first. */
  get current(): Session | undefined {
    return this.#usable[0]?.session;
  }

  get stats(): PoolStats {
    let free = 0;
    for (const { idleSince } of this.#usable) if (idleSince !== undefined) free += 1;
    let pending = 0;
    for (const { streamId } of this.#running) if (streamId === undefined) pending += 1;
    const running = this.#running.size;
    const queued = this.#waiting.size;
    const connected = this.#usable.length;
    return { connected, free, pending, running: running - pending, queued, size: running + queued };
  }

  /** Takes a request. One that cannot be taken fails in a later turn. */
  submit(transaction: HttpTransaction, { ownConnection = false, reset = false }: SubmitOptions = {}): void {
    if (this.#closing) {
      const error = this.#destroyed ? new ClientDestroyedError() : new ClientClosedError();
      process.nextTick(() => transaction.fail(error));
      return;
    }
    if (this.#isFull()) {
      const error = new QueueFullError(this.#options.connection.maxQueuedRequests);
      process.nextTick(() => transaction.fail(error));
      return;
    }
    transaction.owner = this;
    if (reset) transaction.placement = LAST;
    else if (ownConnection) transaction.placement = OWN;
    this.#idleReported = false;
    const connection = this.#pick(transaction);
    if (connection !== undefined) {
      this.#carry(connection, transaction);
      return;
    }
    this.#wait(transaction, false);
    this.#grow();
  }

  /** Opens a connection if there is none. */
  connect(): void {
    this.#connectWanted = true;
    if (!this.#closing && this.#usable.length === 0 && this.#connecting.size === 0) this.#open();
  }

  /**
   * Moves the connections to where the network is now (RFC 9000 9.2). One that cannot move takes no new requests, and the next
   * request makes another.
   */
  async rebind(): Promise<void> {
    const move = async (connection: PooledConnection): Promise<void> => {
      if ((await connection.session?.rebind()) === false) connection.retire();
    };
    await Promise.all(this.#usable.filter(({ owner }) => owner === this).map(move));
  }

  /** No new requests; closes the connections when those under way are finished. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closeIfDone();
  }

  /** Ends everything at once; every request fails with `error`. */
  destroy(error: Http3Error): void {
    if (this.#destroyed) return;
    this.#closing = true;
    this.#destroyed = true;
    this.#failWaiting(error);
    for (const connection of [...this.#own]) {
      if (!connection.sharedBesides(this)) connection.destroy(error);
      if (!connection.established) this.#forget(connection);
    }
    // Those on connections that others use too.
    for (const transaction of [...this.#running]) transaction.abort(error);
    this.#closeIfDone();
  }

  onRoom(connection: PooledConnection): void {
    if (this.#waiting.size > 0) this.#fill(connection);
    this.#drained();
  }

  onConnected(connection: PooledConnection, info: ConnectionInfo): void {
    this.#connecting.delete(connection);
    const { route } = connection.plan;
    if (connection.echConfigList !== route.echConfigList) {
      this.#echRetry = { ...route, echConfigList: connection.echConfigList };
    }
    this.#usable.unshift(connection);
    this.#growAfter = 0;
    this.#tell(() => this.#listener.onConnect(info, connection.timings));
    for (const transaction of this.#running) if (transaction.carrier === connection) transaction.onEstablished();
    this.#settleIn(connection);
  }

  onReplaced(connection: PooledConnection, other: PooledConnection): void {
    this.#forget(connection);
    const { info } = other;
    if (info === undefined || this.#usable.includes(other)) return;
    other.lend(this);
    this.#usable.push(other);
    this.#tell(() => this.#listener.onConnect(info, connection.timings));
    this.#settleIn(other);
  }

  onConnectFailed(connection: PooledConnection, error: Http3Error): void {
    this.#forget(connection);
    const others = this.#counted.size > 0;
    if (others) this.#growAfter = performance.now() + GROW_PAUSE;
    else this.#failWaiting(error, this.#usable.length > 0 ? 'own' : 'all');
    this.#tell(() => this.#listener.onConnectFailed(error));
    this.#closeIfDone();
  }

  onTokenStoreError(error: unknown): void {
    this.#tell(() => this.#listener.onTokenStoreError(error));
  }

  onPing(ms: number): void {
    this.#tell(() => this.#listener.onPing(ms));
  }

  onRetired(connection: PooledConnection, goaway: boolean): void {
    this.#unuse(connection);
    if (goaway) this.#counted.delete(connection);
    if (goaway) this.#tell(() => this.#listener.onGoaway());
    this.#grow();
  }

  onClosed(connection: PooledConnection, reason: Http3Error): void {
    const expected = !this.#unuse(connection);
    this.#forget(connection);
    this.#tell(() => this.#listener.onDisconnect(reason, expected));
    this.#grow();
    this.#closeIfDone();
  }

  retry(transaction: HttpTransaction): boolean {
    if (this.#destroyed) return false;
    this.#running.delete(transaction);
    transaction.restart();
    this.#wait(transaction, true);
    // Not at once: the connection that just refused it may be about to say GOAWAY.
    if (!this.#retriesScheduled) {
      this.#retriesScheduled = true;
      queueMicrotask(() => {
        this.#retriesScheduled = false;
        this.#drain();
      });
    }
    return true;
  }

  misdirected(transaction: HttpTransaction): boolean {
    const { carrier } = transaction;
    if (!(carrier instanceof PooledConnection) || carrier.owner === this) return false;
    this.#directory.part(this.#origin.href, carrier);
    // Its answers to other requests still come.
    this.#unuse(carrier);
    if (!transaction.canRestart || this.#destroyed) return false;
    transaction.releaseStream();
    transaction.placement = transaction.placement.last ? LAST : OWN;
    return this.retry(transaction);
  }

  ended(transaction: HttpTransaction): void {
    if (!this.#running.delete(transaction)) this.#waiting.settled(transaction);
    else {
      const { carrier } = transaction;
      if (carrier instanceof PooledConnection && carrier.established) carrier.requestEnded(this);
    }
    this.#drained();
    if (this.#running.size === 0 && this.#waiting.size === 0) this.#closeIfDone();
  }

  #isFull(): boolean {
    let waiting = this.#waiting.size;
    for (const { session } of this.#usable) waiting += session?.waitingCount ?? 0;
    return waiting >= this.#options.connection.maxQueuedRequests;
  }

  /** A connection that takes the request now, ahead of none that waits for the same. */
  #pick(transaction: HttpTransaction): PooledConnection | undefined {
    const { own, last } = transaction.placement;
    if (this.#waiting.size === 0) {
      for (const connection of this.#usable) {
        if ((!own || connection.owner === this) && connection.room > 0) return connection;
      }
    }
    if (this.#usable.length > 0 || last || !transaction.safeForEarlyData) return undefined;
    for (const connection of this.#connecting) if (connection.room > 0) return connection;
    return undefined;
  }

  #carry(connection: PooledConnection, transaction: HttpTransaction): void {
    this.#running.add(transaction);
    const { altUsed } = connection.owner === this ? connection.plan.route : this.route;
    connection.carry(transaction, altUsed);
    if (transaction.placement.last) connection.retire();
  }

  #wait(transaction: HttpTransaction, again: boolean): void {
    this.#waiting.push(transaction, again);
    this.#drainWanted = true;
    for (const connection of this.#connecting) connection.awaited = true;
  }

  /** Gives a connection as many of the waiting requests as it has room for. */
  #fill(connection: PooledConnection): void {
    if (!connection.established) {
      const early = this.#waiting.takeEarly(connection.room);
      // What hears that the first is sent may end the others.
      for (const transaction of early) this.#running.add(transaction);
      for (const transaction of early) if (!transaction.settled) this.#carry(connection, transaction);
      return;
    }
    const own = connection.owner === this;
    if (!this.#usable.includes(connection)) return;
    while (connection.room > 0) {
      const transaction = this.#waiting.take(own);
      if (transaction === undefined) return;
      this.#carry(connection, transaction);
    }
  }

  #drain(): void {
    for (const connection of [...this.#usable]) if (this.#waiting.size > 0) this.#fill(connection);
    this.#grow();
    this.#drained();
  }

  #drained(): void {
    if (!this.#drainWanted || this.#waiting.size > 0) return;
    this.#drainWanted = false;
    // Went another way, or are aborted: what is begun goes on for later ones.
    for (const connection of this.#connecting) connection.awaited = this.#connectWanted;
    this.#tell(() => this.#listener.onDrain());
  }

  /** Makes connections for the requests that have no room. */
  #grow(): void {
    if (this.#destroyed || this.#waiting.size === 0) return;
    const { connections, maxConcurrentStreams } = this.#options;
    if (this.#counted.size > 0 && performance.now() < this.#growAfter) return;
    while (this.#counted.size < connections) {
      const { size } = this.#connecting;
      if (size > 0 && this.#waiting.size <= size * maxConcurrentStreams) return;
      this.#open();
    }
  }

  #open(): void {
    const { route } = this;
    const retry = this.#echRetry;
    const known = retry !== undefined && sameEndpoint(retry, route) ? retry.echConfigList : undefined;
    const plan = {
      origin: this.#origin,
      route: known === undefined ? route : { ...route, echConfigList: known },
      options: this.#options.connection,
      maxConcurrentStreams: this.#options.maxConcurrentStreams,
      // A borrowed one has no room, or is not wanted.
      ownOnly: this.#waiting.ownSize > 0 || this.#usable.length > 0,
    };
    const connection = new PooledConnection(plan, this, this.#directory);
    this.#idleReported = false;
    this.#own.add(connection);
    this.#counted.add(connection);
    this.#connecting.add(connection);
    connection.start();
  }

  #settleIn(connection: PooledConnection): void {
    if (this.#waiting.size > 0) this.#fill(connection);
    this.#grow();
    this.#drained();
    this.#closeIfDone();
  }

  /** @returns whether it took requests until now */
  #unuse(connection: PooledConnection): boolean {
    const index = this.#usable.indexOf(connection);
    if (index >= 0) this.#usable.splice(index, 1);
    return index >= 0;
  }

  #forget(connection: PooledConnection): void {
    this.#own.delete(connection);
    this.#counted.delete(connection);
    this.#connecting.delete(connection);
  }

  #failWaiting(reason: Http3Error, which: 'all' | 'own' = 'all'): void {
    const failed = this.#waiting.takeAll(which);
    // What hears of the first failure may end the others.
    for (const transaction of failed) transaction.owner = undefined;
    for (const transaction of failed) transaction.fail(reason);
  }

  #closeIfDone(): void {
    if (this.#running.size > 0 || this.#waiting.size > 0) return;
    if (this.#closing) this.#letGo();
    if (this.#own.size > 0) return;
    if (this.#closing && !this.#closeReported) {
      this.#closeReported = true;
      this.#tell(() => this.#listener.onClose());
    } else if (this.#usable.length === 0 && !this.#idleReported) {
      this.#idleReported = true;
      this.#tell(() => this.#listener.onIdle());
    }
  }

  /** Ends the connections: at once, or with the requests of those who borrow them. */
  #letGo(): void {
    for (const connection of [...this.#own]) {
      if (connection.sharedBesides(this)) {
        connection.leave(this);
        this.#forget(connection);
      } else {
        connection.retire();
        if (!connection.established) this.#forget(connection);
      }
    }
    for (const connection of this.#usable) connection.leave(this);
    this.#usable = [];
  }

  /** Listeners are user code: they run on a stack of their own. */
  #tell(event: () => void): void {
    process.nextTick(event);
  }
}
