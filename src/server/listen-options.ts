import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { InvalidArgumentError } from '../errors.js';
import { count, flag } from '../http/option-checks.js';

/** Where a server listens. */
export interface ListenOptions {
  /** UDP port; 0, the default, lets the system choose. */
  readonly port?: number | undefined;
  /** IP address or name. Default: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** On an IPv6 wildcard: not IPv4 as well. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Let other processes bind the same port (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean | undefined;
}

/** The arguments of `listen`, sorted. */
export interface ListenCall {
  readonly port: number;
  readonly host: string | undefined;
  readonly ipv6Only: boolean;
  readonly reusePort: boolean;
  readonly callback: (() => void) | undefined;
}

const MAX_PORT = 65_535;
const WILDCARD_IPV6 = '::';
const WILDCARD_IPV4 = '0.0.0.0';

/**
 * Sorts the arguments that node's `listen` takes: (options?, callback?) or (port?, host?, backlog?, callback?). A backlog is
 * ignored: QUIC has none.
 *
 * @throws InvalidArgumentError that names what cannot be used
 */
export function parseListenCall(args: readonly unknown[]): ListenCall {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : undefined;
  const [first, second] = args;
  const options: ListenOptions =
    typeof first === 'object' && first !== null
      ? (first as ListenOptions)
      : { port: toPort(first), host: typeof second === 'string' ? second : undefined };
  const { host } = options;
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    throw new InvalidArgumentError('host: must be an IP address or a name');
  }
  if ('path' in options || 'fd' in options)
    throw new InvalidArgumentError('path, fd: HTTP/3 listens on UDP ports only');
  return {
    port: count('port', toPort(options.port), 0, MAX_PORT),
    host,
    ipv6Only: flag('ipv6Only', options.ipv6Only, false),
    reusePort: flag('reusePort', options.reusePort, false),
    callback,
  };
}

function toPort(port: unknown): number | undefined {
  if (port === undefined || port === null || typeof port === 'function') return undefined;
  return typeof port === 'string' && port.trim() !== '' ? Number(port) : (port as number);
}

/** Addresses to try to bind, in order: the next only if the system does not have the family of the one before. */
export function resolveHost(
  host: string | undefined,
  callback: (error: Error | null, addresses: readonly string[]) => void,
): void {
  if (host === undefined) process.nextTick(callback, null, [WILDCARD_IPV6, WILDCARD_IPV4]);
  else if (isIP(host) !== 0) process.nextTick(callback, null, [host]);
  else lookup(host, (error, address) => callback(error, error === null ? [address] : []));
}
