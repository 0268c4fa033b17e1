import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { bindUdpSocket } from './udp-socket.js';

const ATTEMPTS = 20;

/**
 * A port that is free for TCP and UDP on an address now. Another process may take it before it is used: callers try again.
 * @param host IP literal
 */
export async function findFreePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const tcp = createServer().listen(0, host);
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    try {
      const udp = await bindUdpSocket(host, port);
      udp.close();
      return port;
    } catch {
      // Taken for UDP: try another.
    } finally {
      tcp.close();
    }
  }
  throw new Error(`no port of ${host} is free for both TCP and UDP`);
}
