import { parseOrigin } from '../http/origin.js';
import { ClientHttp3Session } from './client-session.js';
import type { ConnectOptions } from './request-options.js';

/**
 * Opens an HTTP/3 session to an origin, in the manner of `http2.connect`.
 *
 * @param origin an https URL; path and query are ignored
 * @returns the session at once; requests wait for the connection
 * @throws InvalidArgumentError for an origin or an option that cannot be used
 */
export function connect(origin: string | URL, options: ConnectOptions = {}): ClientHttp3Session {
  return new ClientHttp3Session(parseOrigin(origin), options);
}
