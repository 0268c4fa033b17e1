import type { Dispatcher } from 'undici';
import { type Http3Error, MaxOriginsReachedError, NotSupportedError } from '../../errors.js';
import type { Origin } from '../../http/origin.js';
import { type NetworkListener, networkWatch } from '../../transport/network-watch.js';
import type { Http3AgentOptions } from './agent-options.js';
import { parseDispatchOptions } from './dispatch-request.js';
import { Exchange } from './exchange.js';
import { Http3Dispatcher } from './http3-dispatcher.js';
import { OriginRouter, type RouterListener } from './origin-router.js';
import { addStats, NO_STATS, type OriginStats } from './origin-stats.js';
import { RoutingContext } from './routing-context.js';

/** Events of undici's dispatchers, passed on from the one that carries what goes over TCP. */
const TCP_EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'] as const;

/** A dispatcher that finds a way for each request: by origin and, if a request brings its own, by server name. */
export abstract class RoutedDispatcher extends Http3Dispatcher {
  protected readonly context: RoutingContext;
  readonly #routers = new Map<string, OriginRouter>();
  readonly #relays: (() => void)[] = [];

  constructor(options: Http3AgentOptions) {
    super();
    this.context = new RoutingContext(
      options,
      (error) => this.emit('storeError', error),
      (tcp) => this.#relayEvents(tcp),
    );
  }

  /**
   * Moves all QUIC connections to new local sockets, with the requests that are under way, and forgets which paths were broken:
   * for a change of network that the system does not show. It is done by itself when a connection's local address goes away.
   */
  async rebind(): Promise<void> {
    this.context.alternatives.networkChanged();
    await Promise.all([...this.#routers.values()].map((router) => router.rebind()));
  }

  /** Limits of undici's WebSocket and EventSource on this dispatcher: those of the TCP dispatcher, which carries WebSockets. */
  get webSocketOptions(): unknown {
    return Reflect.get(this.context.tcp, 'webSocketOptions');
  }

  get eventSourceOptions(): unknown {
    return Reflect.get(this.context.tcp, 'eventSourceOptions');
  }

  protected override startDispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { context } = this;
    if (!isHttps(options.origin)) {
      if (context.options.protocol === 'h3') {
        throw new NotSupportedError(`HTTP/3 needs an https origin, not ${String(options.origin)} (RFC 9114 3.1)`);
      }
      return context.tcp.dispatch(options, handler);
    }
    const request = parseDispatchOptions(options, context.options.requests);
    // A handler that is refused here makes no router.
    const exchange = new Exchange(request, handler);
    return this.#router(request.origin, request.serverName).dispatch(exchange);
  }

  protected override async finishRequests(): Promise<void> {
    await Promise.all([...this.#routers.values()].map((router) => router.close()));
    // Until then, requests that wait to be routed, or that HTTP/3 fails, may need it.
    if (!this.destroyed) await this.context.closeTcp();
  }

  protected override async endEverything(error: Error): Promise<void> {
    for (const router of this.#routers.values()) router.destroy(error);
    this.#routers.clear();
    this.#unsubscribeIfUnused();
    await this.context.destroyTcp(error);
    for (const end of this.#relays.splice(0)) end();
  }

  /** Connections and requests by origin, those of the TCP dispatcher included. */
  protected statsByOrigin(): Record<string, OriginStats> {
    const stats: Record<string, OriginStats> = {};
    for (const { origin, stats: own } of this.#routers.values()) {
      stats[origin.href] = addStats(stats[origin.href] ?? NO_STATS, own);
    }
    for (const [origin, tcp] of this.context.tcpStats) {
      stats[origin] = addStats(stats[origin] ?? NO_STATS, tcp);
    }
    return stats;
  }

  #router(origin: Origin, serverName: string | undefined): OriginRouter {
    const key = serverName === undefined ? origin.href : `${origin.href} ${serverName}`;
    let router = this.#routers.get(key);
    if (router === undefined) {
      if (this.#routers.size >= this.context.options.maxOrigins)
        throw new MaxOriginsReachedError(this.context.options.maxOrigins);
      // Only while there are origins: an agent that is given up need not be closed to be forgotten.
      if (this.#routers.size === 0) networkWatch().subscribe(this.#networkListener);
      router = new OriginRouter(key, origin, serverName, this.context, this.#routerListener);
      this.#routers.set(key, router);
    }
    return router;
  }

  /** Connections whose address is gone move by themselves; what was learnt of other paths does not hold any more (RFC 7838 2.2). */
  readonly #networkListener: NetworkListener = {
    onNetworkChange: () => this.context.alternatives.networkChanged(),
  };

  readonly #routerListener: RouterListener = {
    onConnect: (origin) => {
      this.emit('connect', new URL(origin.href), [this]);
    },
    onDisconnect: (origin, error) => this.#emitFailure('disconnect', origin, error),
    onConnectionError: (origin, error) => this.#emitFailure('connectionError', origin, error),
    onDrain: (origin) => {
      this.emit('drain', new URL(origin.href), [this]);
    },
    onPing: (origin, ms) => {
      this.emit('ping', ms, new URL(origin.href));
    },
    onIdle: (router) => {
      if (this.#routers.get(router.key) !== router) return;
      this.#routers.delete(router.key);
      this.#unsubscribeIfUnused();
      void router.close();
    },
  };

  #unsubscribeIfUnused(): void {
    if (this.#routers.size === 0) networkWatch().unsubscribe(this.#networkListener);
  }

  #emitFailure(event: 'disconnect' | 'connectionError', origin: Origin, error: Http3Error): void {
    this.emit(event, new URL(origin.href), [this], error);
  }

  #relayEvents(tcp: Dispatcher): void {
    for (const event of TCP_EVENTS) {
      const relay = (origin: URL, targets: readonly Dispatcher[] = [], ...rest: readonly unknown[]): void => {
        (this as NodeJS.EventEmitter).emit(event, origin, [this, ...targets], ...rest);
      };
      (tcp as NodeJS.EventEmitter).on(event, relay);
      this.#relays.push(() => (tcp as NodeJS.EventEmitter).off(event, relay));
    }
  }
}

function isHttps(origin: string | URL | undefined): boolean {
  const text = typeof origin === 'string' ? origin : (origin?.protocol ?? '');
  // Anything else is checked, and refused, where https is.
  return !/^http:/i.test(text);
}
