import type { Dispatcher } from 'undici';
import { InvalidArgumentError } from '../../errors.js';
import type { Http3ClientOptions } from './agent-options.js';
import { addStats, NO_STATS, type OriginStats } from './origin-stats.js';
import { RoutedDispatcher } from './routed-dispatcher.js';

/**
 * An undici Dispatcher for one origin, as undici's Client and Pool are: the `origin` of a request's options is not looked at.
 * The protocol is chosen as by Http3Agent.
 */
export class Http3Client extends RoutedDispatcher {
  /** Serialised, without a path. */
  readonly origin: string;

  /** @throws InvalidArgumentError for what is no origin, or that names an option that cannot be used */
  constructor(origin: string | URL, options: Http3ClientOptions = {}) {
    super(options);
    const url = URL.canParse(String(origin)) ? new URL(origin) : undefined;
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      throw new InvalidArgumentError(`Invalid URL: '${String(origin)}' is not an http or https origin`);
    }
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      throw new InvalidArgumentError(`invalid url: '${String(origin)}' has more than an origin`);
    }
    this.origin = url.origin;
  }

  /** Connections and requests, over QUIC and TCP together. */
  get stats(): OriginStats {
    return Object.values(this.statsByOrigin()).reduce(addStats, NO_STATS);
  }

  protected override startDispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.startDispatch({ ...options, origin: this.origin }, handler);
  }
}
