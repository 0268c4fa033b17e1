import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';
import { installOnce } from './peer-tools.js';

/** Of Debian 12; what else they need, apt itself needs too. */
const PACKAGES = [
  'ngtcp2-client',
  'ngtcp2-server',
  'libngtcp2-9',
  'libngtcp2-crypto-gnutls2',
  'libnghttp3-3',
  'libev4',
] as const;

/** ngtcp2's example programs (with GnuTLS). */
export interface Ngtcp2 {
  readonly client: string;
  readonly server: string;
  /** What they need in their environment. */
  readonly env: { readonly LD_LIBRARY_PATH: string };
}

/**
 * Fetches the programs into the cache, once. Installing the packages would enable a system service, so they are only unpacked.
 * @throws Error with apt's output if the packages cannot be had
 */
export async function ensureNgtcp2(): Promise<Ngtcp2> {
  const directory = await installOnce('ngtcp2-debian12-programs', async (partial) => {
    const [packages, log] = [join(partial, 'packages'), join(partial, 'install.log')];
    await mkdir(packages);
    await run('apt-get', ['download', ...PACKAGES], { cwd: packages, log });
    for (const name of await readdir(packages)) await run('dpkg-deb', ['-x', join(packages, name), partial], { log });
  });
  // Debian's multiarch names the directory.
  const triplet = (await readdir(join(directory, 'usr/lib'))).find((name) => name.endsWith('-linux-gnu'));
  return {
    client: join(directory, 'usr/bin/gtlsclient'),
    server: join(directory, 'usr/sbin/gtlsserver'),
    env: { LD_LIBRARY_PATH: join(directory, 'usr/lib', triplet ?? '') },
  };
}
