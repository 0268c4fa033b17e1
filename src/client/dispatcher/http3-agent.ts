import type { Http3AgentOptions } from './agent-options.js';
import type { OriginStats } from './origin-stats.js';
import { RoutedDispatcher } from './routed-dispatcher.js';

/**
 * An undici Dispatcher for all origins that speaks HTTP/3 where an origin has it, and HTTP/2 or HTTP/1.1 over TCP otherwise.
 *
 * Give it to undici (`setGlobalDispatcher`, `dispatcher` of a request or of `fetch`) or to the built-in `fetch` (`install`), or use
 * its own methods, which are undici's. An idle agent does not keep the process alive.
 *
 * Events besides undici's: `storeError(error)`: the store failed, and requests are not concerned; `ping(ms, origin)`: a PING of `pingInterval`
 * was acknowledged.
 */
export class Http3Agent extends RoutedDispatcher {
  /** @throws InvalidArgumentError that names an option that cannot be used */
  constructor(options: Http3AgentOptions = {}) {
    super(options);
  }

  /** Connections and requests by origin, over QUIC and TCP together. */
  get stats(): Record<string, OriginStats> {
    return this.statsByOrigin();
  }
}
