/**
 * The example server of ngtcp2 (Debian package, with GnuTLS): a faster source than Caddy, on which the client's own limit shows.
 *
 * Installing the package would enable a system service, so it is only unpacked, in the cache.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';
import { findFreePort } from '../../test/support/free-port.js';
import { PeerProcess } from '../../test/support/peer-process.js';
import { installOnce } from '../../test/support/peer-tools.js';
import { waitForQuic } from '../../test/support/quic-probe.js';
import { HOST } from './site.mjs';

/** Of Debian 12; what else it needs, apt itself needs too. */
const PACKAGES = ['ngtcp2-server', 'libngtcp2-9', 'libngtcp2-crypto-gnutls2', 'libnghttp3-3', 'libev4'];
const START_DEADLINE_MS = 10_000;

/** @returns {Promise<string>} directory with the packages' `usr` */
const unpackedPackages = () =>
  installOnce('ngtcp2-debian12', async (directory) => {
    const [packages, log] = [join(directory, 'packages'), join(directory, 'install.log')];
    await mkdir(packages);
    await run('apt-get', ['download', ...PACKAGES], { cwd: packages, log });
    for (const name of await readdir(packages)) await run('dpkg-deb', ['-x', join(packages, name), directory], { log });
  });

/** @param {string} directory @returns {Promise<string>} that of the shared libraries, as Debian's multiarch names it */
async function libraryDirectory(directory) {
  const triplet = (await readdir(join(directory, 'usr/lib'))).find((name) => name.endsWith('-linux-gnu'));
  return join(directory, 'usr/lib', triplet ?? '');
}

/**
 * @param {number} segments datagrams in one system call, at most (GSO); 1 sends each by itself
 * @returns {import('./server.mjs').StartServer}
 */
export const startNgtcp2Server = (segments) => async (site) => {
  const directory = await unpackedPackages();
  const port = await findFreePort(HOST);
  const options = ['--quiet', `--max-gso-dgrams=${segments}`, `--htdocs=${site.directory}`];
  const file = join(directory, 'usr/sbin/gtlsserver');
  const peer = new PeerProcess(file, [...options, HOST, String(port), site.keyFile, site.certFile], {
    env: { LD_LIBRARY_PATH: await libraryDirectory(directory) },
  });
  const giveUpMs = performance.now() + START_DEADLINE_MS;
  const versions = await waitForQuic(HOST, port, () => peer.isRunning && performance.now() < giveUpMs);
  if (versions === undefined) {
    await peer.stop();
    throw peer.failure(`should answer at ${HOST} port ${port}`);
  }
  return { origin: `https://${HOST}:${port}`, pid: peer.pid, stop: () => peer.stop() };
};
