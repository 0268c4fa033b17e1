import { describe, expect, it } from 'vitest';
import { ClientDestroyedError, Http3Error, RequestAbortedError } from '../../src/errors.js';
import { MemoryTokenStore } from '../../src/index.js';
import { expectNoNativeObjects } from '../support/client.js';
import { createRandom } from '../support/random.js';
import { identityFor, lookupOf } from './support/names.js';
import { makeDirectory, TestPool, type TestRequest } from './support/pools.js';
import { startServer } from './support/servers.js';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const STEPS = 250;
const HOSTS = ['a.test', 'b.test', 'c.test'];

describe('submitting, aborting, withdrawing, GOAWAY, losing connections, closing and destroying in any order', () => {
  it.each(SEEDS)('settles every request exactly once and leaves nothing (seed %i)', async (seed) => {
    const random = createRandom(seed);
    const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
    const identity = await identityFor(HOSTS);
    const server = await startServer(
      identity,
      ({ stream, path }) => {
        stream.resume();
        if (path === '/never') return;
        setTimeout(() => {
          if (stream.destroyed) return;
          if (path === '/reset') stream.close(0x10b);
          else if (path === '/421') stream.respond({ ':status': 421 });
          if (!stream.destroyed) stream.end(path);
        }, random() * 5);
      },
      { zeroRtt: true, zeroRttWindow: 10 },
    );
    const { lookup } = lookupOf(Object.fromEntries(HOSTS.map((host) => [host, '127.0.0.1'])));
    const directory = makeDirectory({ coalesce: seed % 2 === 0, maxConnections: seed % 3 === 0 ? 2 : 100 });
    const tokenStore = new MemoryTokenStore();
    const open = (host: string): TestPool =>
      new TestPool(`https://${host}:${server.port}`, identity.ca, {
        directory,
        lookup,
        tokenStore,
        connections: 1 + (seed % 3),
        maxConcurrentStreams: 4,
        keepAliveTimeout: seed % 4 === 0 ? 5 : 0,
      });
    const pools = new Map(HOSTS.map((host) => [host, open(host)]));
    const closed: TestPool[] = [];
    const requests: TestRequest[] = [];
    const withdrawn = new Set<TestRequest>();
    for (let step = 0; step < STEPS; step += 1) {
      const host = pick(HOSTS) ?? 'a.test';
      const pool = pools.get(host) ?? open(host);
      const action = random();
      if (action < 0.6) {
        const path = pick(['/a', '/b', '/reset', '/421', '/never', '/a']) ?? '/a';
        const post = random() < 0.3 ? { headers: { ':method': 'POST' }, body: 'x'.repeat(5000) } : {};
        const taken = random() < 0.3 ? { onUnprocessed: () => random() < 0.5 } : {};
        requests.push(
          pool.request(path, { ...post, ...taken, reset: random() < 0.05, ownConnection: random() < 0.05 }),
        );
      } else if (action < 0.72) pick(requests)?.transaction.abort(new RequestAbortedError());
      else if (action < 0.8) {
        const request = pick(requests);
        if (request?.transaction.withdraw() === true) withdrawn.add(request);
      } else if (action < 0.84) server.goaway();
      else if (action < 0.86) pool.pool.current?.close(0x100, new Http3Error('TEST', 'lost'), random() < 0.5);
      else if (action < 0.88) {
        closed.push(pool);
        if (random() < 0.5) pool.pool.close();
        else pool.pool.destroy(new ClientDestroyedError());
        pools.set(host, open(host));
      } else await new Promise((resolve) => setTimeout(resolve, random() * 4));
    }
    // What never ends by itself.
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { transaction } of requests) if (random() < 0.5) transaction.abort();
    for (const pool of pools.values()) {
      closed.push(pool);
      pool.pool.destroy(new ClientDestroyedError());
    }
    for (const pool of closed) if (random() < 0.5) pool.pool.destroy(new ClientDestroyedError());
    for (const request of requests) {
      if (withdrawn.has(request)) continue;
      if (!request.transaction.settled) request.transaction.abort();
      await request.outcome;
    }
    for (const pool of closed) {
      await pool.until('close');
      expect(pool.count('close')).toBe(1);
      expect(pool.pool.stats).toEqual({ connected: 0, free: 0, pending: 0, running: 0, queued: 0, size: 0 });
    }
    expect(directory).toMatchObject({ size: 0, waitingCount: 0 });
    await server.stop();
    await expectNoNativeObjects();
    for (const request of withdrawn)
      expect(request.events.some((event) => /^(end|error|taken)$/.test(event))).toBe(false);
  });
});
