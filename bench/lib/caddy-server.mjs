/** Caddy (Debian package; quic-go, which sends each datagram by itself). */
import { startCaddy } from '../../test/support/caddy.js';
import { HOST } from './site.mjs';

/** @type {import('./server.mjs').StartServer} */
export async function startCaddyServer(site) {
  const caddy = await startCaddy({ certificate: site, hosts: [HOST], routes: [{ path: '/*', files: site.directory }] });
  return { origin: caddy.origin, pid: caddy.pid, stop: () => caddy.stop() };
}
