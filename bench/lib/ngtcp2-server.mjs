/**
 * The example server of ngtcp2 (Debian package, with GnuTLS): a faster source than Caddy, on which the client's own limit shows.
 */
import { findFreePort } from '../../test/support/free-port.js';
import { ensureNgtcp2 } from '../../test/support/ngtcp2-install.js';
import { PeerProcess } from '../../test/support/peer-process.js';
import { waitForQuic } from '../../test/support/quic-probe.js';
import { HOST } from './site.mjs';

const START_DEADLINE_MS = 10_000;

/**
 * @param {number} segments datagrams in one system call, at most (GSO); 1 sends each by itself
 * @returns {import('./server.mjs').StartServer}
 */
export const startNgtcp2Server = (segments) => async (site) => {
  const { server, env } = await ensureNgtcp2();
  const port = await findFreePort(HOST);
  const options = ['--quiet', `--max-gso-dgrams=${segments}`, `--htdocs=${site.directory}`];
  const peer = new PeerProcess(server, [...options, HOST, String(port), site.keyFile, site.certFile], { env });
  const giveUpMs = performance.now() + START_DEADLINE_MS;
  const versions = await waitForQuic(HOST, port, () => peer.isRunning && performance.now() < giveUpMs);
  if (versions === undefined) {
    await peer.stop();
    throw peer.failure(`should answer at ${HOST} port ${port}`);
  }
  return { origin: `https://${HOST}:${port}`, pid: peer.pid, stop: () => peer.stop() };
};
