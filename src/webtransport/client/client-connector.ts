import { asError, ConnectionError } from '../../errors.js';
import { parseOrigin } from '../../http/origin.js';
import type { CheckedOptions, PendingSession, SessionConnector } from '../connector.js';
import { isBadPort } from './bad-ports.js';
import { clientConnectionOptions } from './client-options.js';
import { ConnectionPool } from './connection-pool.js';
import { type RequestCarrier, SessionRequest } from './session-request.js';
import { WebTransportConnection } from './webtransport-connection.js';

/** Makes the sessions of `new WebTransport(…)` over connections of their own, or shared ones with `allowPooling`. */
export class ClientConnector implements SessionConnector {
  readonly #pool = new ConnectionPool();

  /** Shared connections that may take another session. */
  get pooledCount(): number {
    return this.#pool.size;
  }

  connect(url: URL, options: CheckedOptions): PendingSession {
    const target = {
      authority: url.host,
      path: `${url.pathname}${url.search}`,
      origin: pageOrigin(),
      protocols: options.protocols,
      headers: options.headers,
    };
    const route = (fresh: boolean) => this.#route(url, options, fresh);
    const request = new SessionRequest(target, route, options.allowPooling);
    try {
      request.start();
    } catch (error) {
      // An option that cannot be used fails the session, as everything that the constructor does not check.
      process.nextTick(() => request.failed(asError(error)));
    }
    return request;
  }

  #route(url: URL, options: CheckedOptions, fresh: boolean): RequestCarrier {
    const origin = parseOrigin(url);
    if (isBadPort(origin.port)) {
      throw new ConnectionError('ERR_WEBTRANSPORT_BAD_PORT', `Port ${origin.port} is blocked (Fetch, bad port)`);
    }
    const resolved = clientConnectionOptions(origin, options);
    if (options.allowPooling) return this.#pool.connectionFor(origin, resolved, fresh);
    return new WebTransportConnection(origin, resolved, { retired: () => {} });
  }
}

/** Node has no page. Environments that have one, such as a worker that is emulated, say so with a global `location`. */
function pageOrigin(): string | undefined {
  const { location } = globalThis as { readonly location?: { readonly origin?: unknown } };
  return typeof location?.origin === 'string' && location.origin !== 'null' ? location.origin : undefined;
}
