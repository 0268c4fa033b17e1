import * as dns from 'node:dns';
import { isIP } from 'node:net';
import { asError, ConnectionError } from '../errors.js';
import type { LookupFunction } from './connection-options.js';

/** An address to try. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

const defaultLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, options, callback);
};

/**
 * Looks a host up and orders its addresses as RFC 8305 4 says: those of the resolver, families in turn, beginning with the
 * family of the first.
 *
 * @throws ConnectionError with the resolver's code (ENOTFOUND, EAI_AGAIN …)
 */
export async function resolveAddresses(
  host: string,
  family: 0 | 4 | 6,
  lookup: LookupFunction | undefined,
): Promise<readonly Address[]> {
  const literal = isIP(host);
  if (literal !== 0) return [{ address: host, family: literal === 4 ? 4 : 6 }];
  const found = await new Promise<unknown>((resolve, reject) => {
    (lookup ?? defaultLookup)(host, { all: true, family, verbatim: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  }).catch((error: unknown) => {
    const { code = 'ENOTFOUND' } = asError(error) as NodeJS.ErrnoException;
    throw new ConnectionError(code, `Cannot resolve ${host}: ${asError(error).message}`, {
      cause: error,
      safeToRetry: true,
    });
  });
  // A lookup that looks at `family` alone gives one address, as to Node's net.
  const usable = [found]
    .flat()
    .map(toAddress)
    .filter((address) => address !== undefined)
    .filter((address) => family === 0 || address.family === family);
  if (usable.length === 0) {
    throw new ConnectionError('ENOTFOUND', `Cannot resolve ${host}: no address of the wanted family`, {
      safeToRetry: true,
    });
  }
  return interleave(usable);
}

function toAddress(found: unknown): Address | undefined {
  const address = typeof found === 'string' ? found : (found as Partial<dns.LookupAddress> | null | undefined)?.address;
  if (typeof address !== 'string') return undefined;
  const family = isIP(address);
  return family === 0 ? undefined : { address, family: family === 4 ? 4 : 6 };
}

/** Families in turn, each in its own order. */
export function interleave(addresses: readonly Address[]): readonly Address[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const ordered: Address[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    ordered.push(...first.slice(index, index + 1), ...second.slice(index, index + 1));
  }
  return ordered;
}
