/** Names and certificates that exist only in a test. */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from '../../../src/index.js';
import { makeCa, makeCert } from '../../support/certs.js';
import type { ServerIdentity } from './servers.js';

/** A look-up that knows these names only, and counts. */
export function lookupOf(names: Readonly<Record<string, string | readonly string[]>>): {
  readonly lookup: LookupFunction;
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname);
    const found = names[hostname];
    if (found === undefined) {
      callback(Object.assign(new Error(`no ${hostname}`), { code: 'ENOTFOUND' }), []);
      return;
    }
    const addresses: LookupAddress[] = [found]
      .flat()
      .map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(null, addresses);
  };
  return { lookup, asked };
}

export interface NamedIdentity extends ServerIdentity {
  readonly ca: string;
}

/** A certificate for these names and addresses, and its anchor. */
export async function identityFor(hosts: readonly string[], ips: readonly string[] = []): Promise<NamedIdentity> {
  const [identity] = await identitiesFor([{ hosts, ips }]);
  if (identity === undefined) throw new Error('no identity');
  return identity;
}

/** Several certificates of one anchor. */
export async function identitiesFor(
  wanted: readonly { readonly hosts: readonly string[]; readonly ips?: readonly string[] }[],
): Promise<readonly NamedIdentity[]> {
  const ca = await makeCa();
  return Promise.all(
    wanted.map(async ({ hosts, ips = [] }) => {
      const leaf = await makeCert({ ca, hosts: [...hosts], ips: [...ips] });
      return { ca: ca.certPem, certPem: leaf.chainPem, keyPem: leaf.keyPem };
    }),
  );
}
