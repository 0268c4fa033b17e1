import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MemoryTokenStore } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { waitUntil } from '../support/wait-until.js';
import { endWithTest } from './support/cleanup.js';
import { TestPool } from './support/pools.js';
import { startServer } from './support/servers.js';

/** A port that takes datagrams and answers none. */
async function blackhole(port = 0): Promise<{ readonly port: number; readonly datagrams: () => number }> {
  const socket = createSocket('udp4');
  let datagrams = 0;
  socket.on('message', () => {
    datagrams += 1;
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  endWithTest('server', () => socket.close());
  return { port: socket.address().port, datagrams: () => datagrams };
}

describe('withdraw()', () => {
  it('takes back what waits for a connection, its body untouched, without a word', async () => {
    const { ca } = await makeIdentity();
    const { port } = await blackhole();
    const pool = new TestPool(`https://127.0.0.1:${port}`, ca);
    let pulled = false;
    const body = new Readable({
      read() {
        pulled = true;
        this.push(null);
      },
    });
    const request = pool.request('/', { headers: { ':method': 'POST' }, body });
    const other = pool.request('/other');
    expect(request.transaction.withdraw()).toBe(true);
    expect(request.transaction.withdraw()).toBe(false);
    expect(pool.pool.stats).toMatchObject({ queued: 1, size: 1 });
    expect({ pulled, destroyed: body.destroyed, events: request.events }).toEqual({
      pulled: false,
      destroyed: false,
      events: [],
    });
    expect(other.transaction.withdraw()).toBe(true);
    expect(pool.pool.stats.size).toBe(0);
  });

  it('takes nothing back that an established connection has', async () => {
    const { ca, certificate } = await makeIdentity();
    const server = await startServer(certificate, () => undefined);
    const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
    const request = pool.request();
    await waitUntil('the request', () => server.seen.length === 1);
    expect(request.transaction.withdraw()).toBe(false);
    request.transaction.abort();
    expect(request.transaction.withdraw()).toBe(false);
  });

  it('takes back what was sent in 0-RTT while the handshake is not complete', async () => {
    const { ca, certificate } = await makeIdentity();
    const tokenStore = new MemoryTokenStore();
    const server = await startServer(certificate, undefined, { zeroRtt: true });
    const { port } = server;
    const pool = new TestPool(`https://127.0.0.1:${port}`, ca, { tokenStore });
    await pool.request().outcome;
    await pool.close();
    await server.stop();
    // The same port, and nobody there: the first flight with the request leaves, and no answer comes.
    const hole = await blackhole(port);
    const again = new TestPool(`https://127.0.0.1:${port}`, ca, { tokenStore });
    const safe = again.request('/safe');
    const unsafe = again.request('/unsafe', { headers: { ':method': 'POST' }, body: 'body' });
    await waitUntil('the first flight', () => safe.events.includes('sent early') && hole.datagrams() > 0);
    expect(unsafe.events).toEqual([]);
    expect(safe.transaction.withdraw()).toBe(true);
    expect(unsafe.transaction.withdraw()).toBe(true);
    expect(safe.events).toEqual(['sent early', 'request end']);
    expect(again.pool.stats).toMatchObject({ running: 0, queued: 0, size: 0 });
  });

  it('is too late when 0-RTT was accepted, of which the consumer is told', async () => {
    const { ca, certificate } = await makeIdentity();
    const tokenStore = new MemoryTokenStore();
    const server = await AioquicServer.start({ certificate });
    endWithTest('server', () => server.stop());
    for (const path of ['/', '/stall']) {
      const pool = new TestPool(server.origin, ca, { tokenStore });
      const request = pool.request(path);
      if (path === '/') await request.outcome;
      else {
        await waitUntil('the handshake', () => request.events.includes('early data accepted'));
        expect(request.events).toEqual(['sent early', 'request end', 'early data accepted']);
        expect(request.transaction.withdraw()).toBe(false);
        request.transaction.abort();
      }
      await pool.close();
    }
  });
});

describe('onUnprocessed', () => {
  it('is asked before a request fails because no connection could be made', async () => {
    const { ca } = await makeIdentity();
    const { port } = await blackhole();
    const pool = new TestPool(`https://127.0.0.1:${port}`, ca, { connectTimeout: 100 });
    const reasons: string[] = [];
    const ask = (answer: boolean) => ({
      onUnprocessed: ({ code }: { code: string }) => {
        reasons.push(code);
        return answer;
      },
    });
    const taken = pool.request('/taken', ask(true));
    const post = pool.request('/post', { ...ask(true), headers: { ':method': 'POST' }, body: Readable.from(['x']) });
    const refused = pool.request('/refused', ask(false));
    expect((await taken.outcome).end).toBe('taken');
    expect((await post.outcome).end).toBe('taken');
    expect(await refused.outcome).toMatchObject({ end: 'error', error: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
    expect(reasons).toEqual(Array.from({ length: 3 }, () => 'UND_ERR_CONNECT_TIMEOUT'));
    expect(pool.pool.stats.size).toBe(0);
    await pool.until('idle');
  });

  it('is asked when a server refuses a request again and again, and not when it processed it', async () => {
    const { ca, certificate } = await makeIdentity();
    const server = await startServer(certificate, ({ stream, path }) =>
      stream.close(path === '/rejected' ? 0x10b : 0x102),
    );
    const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
    const onUnprocessed = (): boolean => true;
    expect(await pool.request('/rejected', { onUnprocessed }).outcome).toMatchObject({ end: 'taken', sent: 6 });
    const failed = await pool.request('/processed', { onUnprocessed }).outcome;
    expect(failed).toMatchObject({ end: 'error', sent: 1, error: { errorCode: 0x102 } });
    await pool.close();
  });
});
