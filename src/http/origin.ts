import { isIP } from 'node:net';
import { InvalidArgumentError } from '../errors.js';

/** An https origin (RFC 9110 4.3.2). */
export interface Origin {
  /** Host without brackets, in lower case, IDN in its ASCII form. */
  readonly host: string;
  readonly port: number;
  /** `:authority`: the port is left out when it is 443; IPv6 in brackets. */
  readonly authority: string;
  /** Serialised, for example `https://example.org:8443`. */
  readonly href: string;
}

const DEFAULT_PORT = 443;

/**
 * @param input an https URL; everything after the authority is ignored
 * @throws InvalidArgumentError if it is no https URL
 */
export function parseOrigin(input: string | URL): Origin {
  let url: URL;
  try {
    url = new URL(input);
  } catch (cause) {
    throw new InvalidArgumentError(`origin: '${String(input)}' is not a URL`, { cause });
  }
  if (url.protocol !== 'https:') {
    throw new InvalidArgumentError(`origin: HTTP/3 needs an https URL, not '${url.protocol}//…' (RFC 9114 3.1)`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return { host, port: url.port === '' ? DEFAULT_PORT : Number(url.port), authority: url.host, href: url.origin };
}

/** True for an IPv4 or IPv6 literal. */
export function isIpLiteral(host: string): boolean {
  return isIP(host) !== 0;
}
