import { InvalidArgumentError } from '../errors.js';
import { count, flag } from '../http/option-checks.js';

/** HTTP/2 and HTTP/1.1 on the TCP port of the same number. */
export interface TcpOptions {
  /** Serve HTTP/1.1, too, to clients that do not have HTTP/2. Default true. */
  readonly allowHTTP1?: boolean;
  /** For how many seconds clients may remember that there is HTTP/3 (`ma` of Alt-Svc, RFC 7838 3.1). Default 86,400. */
  readonly altSvcMaxAge?: number;
}

const MAX_AGE_SECONDS = 2 ** 31 - 1;

/**
 * The `tcp` option of createSecureServer: `true` for the defaults.
 *
 * @returns undefined for no TCP
 * @throws InvalidArgumentError that names the option
 */
export function resolveTcpOptions(tcp: boolean | TcpOptions | undefined): Required<TcpOptions> | undefined {
  if (tcp === undefined || tcp === false) return undefined;
  if (tcp !== true && (typeof tcp !== 'object' || tcp === null)) {
    throw new InvalidArgumentError('tcp: must be true, false or an object');
  }
  const options = tcp === true ? {} : tcp;
  return {
    allowHTTP1: flag('tcp.allowHTTP1', options.allowHTTP1, true),
    altSvcMaxAge: count('tcp.altSvcMaxAge', options.altSvcMaxAge, 86_400, MAX_AGE_SECONDS),
  };
}
