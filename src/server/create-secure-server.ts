import type { RequestListener } from './compat/request-listener.js';
import { Http3SecureServer } from './http3-secure-server.js';
import type { ServerOptions } from './server-options.js';

/**
 * Makes an HTTP/3 server, in the manner of `http2.createSecureServer`.
 *
 * @param options `key` and `cert` at least
 * @param onRequest a listener for 'request'
 * @throws InvalidArgumentError for an option that cannot be used
 */
export function createSecureServer(options: ServerOptions, onRequest?: RequestListener): Http3SecureServer {
  return new Http3SecureServer(options, onRequest);
}
