import { Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';
import {
  type DispatchRequest,
  parseDispatchOptions,
  type RequestDefaults,
} from '../../../src/client/dispatcher/dispatch-request.js';
import { Exchange } from '../../../src/client/dispatcher/exchange.js';
import { Http3Leg, type LegHooks } from '../../../src/client/dispatcher/http3-leg.js';
import { ClientDestroyedError, type Http3Error } from '../../../src/errors.js';
import { ConnectionDirectory } from '../../../src/http/connection-directory.js';
import { type ConnectionOptions, resolveConnectionOptions } from '../../../src/http/connection-options.js';
import { Http3Pool } from '../../../src/http/http3-pool.js';
import { parseOrigin } from '../../../src/http/origin.js';
import type { ServerOptions } from '../../../src/server/index.js';
import type { StreamListener } from '../../../src/server/server-types.js';
import { type Served, serve } from '../../server/support/served.js';
import { DEFAULTS } from './undici-request.js';

/** A dispatcher that does nothing but give every request to HTTP/3. */
export class Http3Only extends Dispatcher {
  /** What the legs told whoever would choose the way. */
  readonly committed: DispatchRequest[] = [];
  readonly unprocessed: Http3Error[] = [];
  readonly legs: Http3Leg[] = [];
  readonly #pool: Http3Pool;
  readonly #defaults: RequestDefaults;

  constructor(origin: string, connection: ConnectionOptions, defaults: Partial<RequestDefaults> = {}) {
    super();
    const parsed = parseOrigin(origin);
    this.#defaults = { ...DEFAULTS, ...defaults };
    this.#pool = new Http3Pool(
      parsed,
      { connection: resolveConnectionOptions(parsed, connection) },
      new ConnectionDirectory({ maxConnections: Number.POSITIVE_INFINITY, coalesce: false }),
      {
        onConnect: ignore,
        onConnectFailed: ignore,
        onGoaway: ignore,
        onDisconnect: ignore,
        onIdle: ignore,
        onDrain: ignore,
        onTokenStoreError: ignore,
        onPing: ignore,
        onClose: ignore,
      },
    );
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request = parseDispatchOptions(options, this.#defaults);
    const exchange = new Exchange(request, handler);
    if (!exchange.begin()) return true;
    const hooks: LegHooks = {
      onCommitted: () => this.committed.push(request),
      onResponseFields: ignore,
      onUnprocessed: (error) => {
        this.unprocessed.push(error);
        return false;
      },
    };
    const leg = new Http3Leg(exchange, hooks);
    this.legs.push(leg);
    exchange.carrier = leg;
    this.#pool.submit(leg.transaction);
    return true;
  }

  /** Ends its connections at once; the promise of the base class says nothing here. */
  end(): void {
    this.#pool.destroy(new ClientDestroyedError());
  }
}

function ignore(): void {
  // Nobody listens.
}

export interface Front extends Served {
  readonly dispatcher: Http3Only;
}

/** A server, and a dispatcher that speaks HTTP/3 to it; both end with the test. */
export async function front(
  onStream: StreamListener,
  defaults: Partial<RequestDefaults> = {},
  serverOptions: ServerOptions = {},
): Promise<Front> {
  const served = await serve(serverOptions, onStream);
  const dispatcher = new Http3Only(served.origin, { ca: served.ca }, defaults);
  onTestFinished(() => dispatcher.end());
  return { ...served, dispatcher };
}
