import { asError, H3_ERROR, type Http3Error, InformationalError, NotSupportedError } from '../../errors.js';
import type { ResolvedConnectionOptions } from '../../http/connection-options.js';
import { Http3Pool, type PoolListener } from '../../http/http3-pool.js';
import type { Origin } from '../../http/origin.js';
import type { Alternative } from './alternative-services.js';
import {
  type ConnectTarget,
  publishBeforeConnect,
  publishConnectError,
  publishConnected,
} from './diagnostics-connect.js';
import type { Exchange } from './exchange.js';
import { ExchangeRace, type RaceTrack } from './exchange-race.js';
import { Http3Leg, type LegHooks } from './http3-leg.js';
import { NO_STATS, type OriginStats } from './origin-stats.js';
import type { RoutingContext } from './routing-context.js';
import { TcpLeg, type TcpLegHooks } from './tcp-leg.js';

/** Told of what happens to an origin's QUIC connections. */
export interface RouterListener {
  onConnect(origin: Origin): void;
  onDisconnect(origin: Origin, error: Http3Error): void;
  onConnectionError(origin: Origin, error: Http3Error): void;
  onDrain(origin: Origin): void;
  onPing(origin: Origin, ms: number): void;
  /** No request is under way, and no QUIC connection is left. */
  onIdle(router: OriginRouter): void;
}

/**
 * Decides for each request to an origin which protocol carries it.
 *
 * What says that the origin has HTTP/3 is asked of AlternativeServices. If a QUIC connection is there it is used; if one can be
 * tried, an ExchangeRace begins, in which the time since the attempt began counts, so that a request never waits longer than the head
 * start, and only the first ones wait at all.
 */
export class OriginRouter implements RaceTrack {
  /** Names it in the dispatcher that made it. */
  readonly key: string;
  readonly origin: Origin;
  readonly #serverName: string | undefined;
  readonly #context: RoutingContext;
  readonly #listener: RouterListener;
  readonly #exchanges = new Set<Exchange>();
  readonly #races = new Set<ExchangeRace>();
  #waiting: Exchange[] = [];
  #connectionOptions: ResolvedConnectionOptions | undefined;
  #pool: Http3Pool | undefined;
  #alternative: Alternative | undefined;
  /** A QUIC attempt or connection failed, and nothing has shown yet that TCP does better. */
  #suspect: Alternative | undefined;
  #tcpWorks = false;
  /** The present QUIC connection has brought a response. */
  #answered = false;
  #headStartTimer: NodeJS.Timeout | undefined;
  #needDrain = false;
  #closing: Promise<void> | undefined;
  /** Of `close`, which waits for the requests, and then for the pool. */
  #onRequestsEnded: (() => void) | undefined;
  #onPoolClosed: (() => void) | undefined;
  #poolClosed = false;

  constructor(
    key: string,
    origin: Origin,
    serverName: string | undefined,
    context: RoutingContext,
    listener: RouterListener,
  ) {
    this.key = key;
    this.origin = origin;
    this.#serverName = serverName;
    this.#context = context;
    this.#listener = listener;
  }

  /** Of the QUIC connections. */
  get stats(): OriginStats {
    return this.#pool?.stats ?? NO_STATS;
  }

  get idle(): boolean {
    return this.#exchanges.size === 0 && this.stats.connected === 0 && this.#pool?.state !== 'connecting';
  }

  /** @returns false if no more should be dispatched before 'drain' */
  dispatch(exchange: Exchange): boolean {
    this.#exchanges.add(exchange);
    exchange.onSettled = () => this.#settled(exchange);
    if (!exchange.begin()) return true;
    this.#send(exchange, () => this.#route(exchange));
    const { connections, maxConcurrentStreams } = this.#context.options;
    if (this.#exchanges.size >= connections * maxConcurrentStreams) this.#needDrain = true;
    return !this.#needDrain;
  }

  /** Moves the connections to new local sockets. */
  async rebind(): Promise<void> {
    await this.#pool?.rebind();
  }

  /** Takes no new requests. Resolves when all requests have ended and the QUIC connections are closed. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  destroy(error: Error): void {
    for (const exchange of [...this.#exchanges]) exchange.controller.abort(error);
    this.#pool?.destroy(this.#context.asHttp3Error(error));
  }

  submit(leg: Http3Leg): void {
    const { request } = leg.exchange;
    const pool = this.#http3Pool();
    if (pool.state === 'none') this.#beginAttempt(pool);
    pool.submit(leg.transaction, { reset: request.reset });
  }

  dispatchOverTcp(leg: TcpLeg): void {
    const { needsTcp, options } = leg.exchange.request;
    const http1 = needsTcp === 'upgrade' || Reflect.get(options, 'allowH2') === false;
    leg.dispatch(http1 ? this.#context.http1 : this.#context.tcp);
  }

  onTcpWorks(): void {
    this.#tcpWorks = true;
    this.#judge();
  }

  onResponseFields(fields: readonly string[]): void {
    this.#answered = true;
    const altSvc = joined(fields, 'alt-svc');
    if (altSvc !== undefined) this.onAltSvc(altSvc, joined(fields, 'age'));
  }

  onAltSvc(value: string, age: string | undefined): void {
    this.#context.alternatives.learn(this.origin, value, Number(age) || 0);
  }

  onDecided(race: ExchangeRace): void {
    this.#races.delete(race);
    if (this.#races.size === 0) this.#endHeadStart();
  }

  async #finish(): Promise<void> {
    if (this.#exchanges.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onRequestsEnded = resolve;
      });
    }
    const pool = this.#pool;
    if (pool === undefined || this.#poolClosed) return;
    await new Promise<void>((resolve) => {
      this.#onPoolClosed = resolve;
      // All responses are there: what is left are uploads that were answered before their end, and that may have none.
      if (pool.stats.size > 0) pool.destroy(new InformationalError('The client is closed'));
      else pool.close();
    });
  }

  /** What turns out to be unusable only now, such as a server name, fails the request: nobody above may still be listening. */
  #send(exchange: Exchange, send: () => void): void {
    try {
      send();
    } catch (error) {
      exchange.abort(asError(error));
    }
  }

  #route(exchange: Exchange): void {
    const { protocol, tcpOnly } = this.#context.options;
    const { needsTcp } = exchange.request;
    if (protocol === 'h3') {
      if (needsTcp === undefined) this.#overHttp3(exchange);
      else
        exchange.fail(new NotSupportedError(`HTTP/3 here has no ${needsTcp}, and protocol 'h3' allows nothing else`));
      return;
    }
    if (tcpOnly !== undefined || needsTcp !== undefined) {
      this.#overTcp(exchange);
      return;
    }
    const alternative = this.#context.alternatives.known(this.origin);
    if (alternative === undefined) this.#load(exchange);
    else if (alternative === null) this.#overTcp(exchange);
    else this.#race(exchange, alternative);
  }

  /** Asks the store and the DNS first; the requests meanwhile wait for the answer in order. */
  #load(exchange: Exchange): void {
    this.#waiting.push(exchange);
    if (this.#waiting.length > 1) return;
    void this.#context.alternatives.load(this.origin).then(() => {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const next of waiting) if (!next.settled) this.#send(next, () => this.#routeLoaded(next));
    });
  }

  #routeLoaded(exchange: Exchange): void {
    const alternative = this.#context.alternatives.known(this.origin);
    if (alternative == null) this.#overTcp(exchange);
    else this.#race(exchange, alternative);
  }

  #overHttp3(exchange: Exchange): void {
    const leg = new Http3Leg(exchange, this.#http3Only);
    exchange.carrier = leg;
    this.submit(leg);
  }

  #overTcp(exchange: Exchange): void {
    const hooks: TcpLegHooks = {
      mayStart: () => !exchange.settled,
      onFailed: (error) => exchange.fail(error),
      onAltSvc: (value, age) => this.onAltSvc(value, age),
    };
    const leg = new TcpLeg(exchange, hooks);
    exchange.carrier = leg;
    this.dispatchOverTcp(leg);
  }

  #race(exchange: Exchange, alternative: Alternative): void {
    this.#alternative = alternative;
    const race = new ExchangeRace(exchange, this);
    this.#races.add(race);
    race.start();
    if (this.#races.has(race)) this.#scheduleTcp(race);
  }

  /** TCP gets its chance when the head start of the attempt is over, which may have been long ago. */
  #scheduleTcp(race: ExchangeRace): void {
    const since = this.#pool?.connectingSince;
    if (since === undefined) return;
    const left = since + this.#context.options.headStart - performance.now();
    if (left <= 0) race.tryTcp();
    else this.#headStartTimer ??= setTimeout(this.#onHeadStartOver, left);
  }

  #endHeadStart(): void {
    clearTimeout(this.#headStartTimer);
    this.#headStartTimer = undefined;
  }

  readonly #onHeadStartOver = (): void => {
    this.#headStartTimer = undefined;
    for (const race of [...this.#races]) race.tryTcp();
  };

  get #connection(): ResolvedConnectionOptions {
    this.#connectionOptions ??= this.#context.connectionOptions(this.origin, this.#serverName);
    return this.#connectionOptions;
  }

  #http3Pool(): Http3Pool {
    if (this.#pool === undefined) {
      const { connections, maxConcurrentStreams } = this.#context.options;
      this.#pool = new Http3Pool(
        this.origin,
        { connections, maxConcurrentStreams, connection: this.#connection },
        this.#context.directory,
        this.#poolListener,
      );
    }
    return this.#pool;
  }

  #beginAttempt(pool: Http3Pool): void {
    this.#suspect = undefined;
    this.#tcpWorks = false;
    const alternative = this.#alternative;
    if (alternative !== undefined) {
      const { host, port, echConfigList, source } = alternative;
      const elsewhere = host !== this.origin.host || port !== this.origin.port;
      pool.route = {
        host,
        port,
        echConfigList,
        ...(elsewhere && source === 'alt-svc' && { altUsed: authority(host, port) }),
      };
    }
    publishBeforeConnect(this.#target);
  }

  /** Where the present attempt goes, for diagnostics. */
  get #target(): ConnectTarget {
    const { host, port } = this.#alternative ?? this.origin;
    const { serverName, localAddress } = this.#connection;
    return { origin: this.origin, host, port, serverName, localAddress };
  }

  /** HTTP/3 that fails where TCP works is broken (RFC 7838 2.4); where TCP fails too it says nothing. */
  #judge(): void {
    if (this.#suspect === undefined || !this.#tcpWorks) return;
    this.#context.alternatives.markBroken(this.origin, this.#suspect);
    this.#suspect = undefined;
  }

  /** A server that shakes hands and then answers nothing would fail every request: the next goes over TCP. */
  #leave(): void {
    if (this.#alternative !== undefined) this.#context.alternatives.markBroken(this.origin, this.#alternative);
  }

  #settled(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    const { connections, maxConcurrentStreams } = this.#context.options;
    if (this.#needDrain && this.#exchanges.size < connections * maxConcurrentStreams) {
      this.#needDrain = false;
      this.#listener.onDrain(this.origin);
    }
    if (this.#exchanges.size > 0) return;
    this.#onRequestsEnded?.();
    if (this.idle) this.#listener.onIdle(this);
  }

  /** No other way may be tried. */
  readonly #http3Only: LegHooks = {
    onCommitted: () => undefined,
    onUnprocessed: () => false,
    onResponseFields: (fields) => this.onResponseFields(fields),
  };

  readonly #poolListener: PoolListener = {
    onConnect: (info) => {
      publishConnected(this.#target, info);
      this.#suspect = undefined;
      this.#answered = false;
      if (this.#alternative !== undefined) this.#context.alternatives.markWorking(this.origin, this.#alternative);
      this.#endHeadStart();
      this.#listener.onConnect(this.origin);
    },
    onConnectFailed: (error) => {
      publishConnectError(this.#target, error);
      this.#suspect = this.#alternative;
      this.#judge();
      this.#listener.onConnectionError(this.origin, error);
    },
    onGoaway: () => undefined,
    onDisconnect: (error, expected) => {
      // A path that carries nothing any more, though the handshake once went through.
      if (!expected && error.code === 'ERR_QUIC_IDLE_TIMEOUT') this.#suspect = this.#alternative;
      if (!expected && !this.#answered && endedByServer(error)) this.#leave();
      this.#listener.onDisconnect(this.origin, error);
    },
    onIdle: () => {
      if (this.idle) this.#listener.onIdle(this);
    },
    onDrain: () => undefined,
    onPing: (ms) => this.#listener.onPing(this.origin, ms),
    onTokenStoreError: (error) => this.#context.onStoreError(error),
    onClose: () => {
      this.#poolClosed = true;
      this.#onPoolClosed?.();
    },
  };
}

/** It closed the connection for an error. */
function endedByServer({ errorCode }: Http3Error): boolean {
  return errorCode !== undefined && errorCode !== 0 && errorCode !== H3_ERROR.H3_NO_ERROR;
}

/** A field's value; several fields of one name are one list (RFC 9110 5.3). */
function joined(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] === name) value = value === undefined ? fields[index + 1] : `${value}, ${fields[index + 1]}`;
  }
  return value;
}

function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
