import { afterEach, describe, expect, test } from 'vitest';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { waitUntil } from '../../support/wait-until.js';
import { createPool, exchange, send } from './support/pool.js';
import { ScriptedSession } from './support/scripted-stream.js';

let pool: WorkerPool;
afterEach(() => pool.close(false));

function requestsOfWorkers(): number[] {
  return pool.stats().workers.map(({ requests }) => requests);
}

describe('policies', () => {
  test('round-robin gives each worker its turn, whatever the others do', async () => {
    pool = createPool('routes.ts', { count: 3, policy: 'round-robin' });
    await pool.start();
    send(pool, { path: '/hold' });
    await Promise.all(Array.from({ length: 29 }, () => exchange(pool, { path: '/thread' })));
    expect(requestsOfWorkers()).toEqual([10, 10, 10]);
  });

  test('least-busy passes by a worker that has more open requests', async () => {
    pool = createPool('routes.ts', { count: 2, policy: 'least-busy' });
    await pool.start();
    const held = [send(pool, { path: '/hold' })];
    // The first worker is busy now: one at a time, all others go to the second.
    for (let index = 0; index < 10; index += 1) await exchange(pool, { path: '/thread' });
    expect(requestsOfWorkers()).toEqual([1, 10]);
    held.push(...Array.from({ length: 9 }, () => send(pool, { path: '/hold' })));
    expect(pool.stats().workers.map(({ openRequests }) => openRequests)).toEqual([5, 5]);
  });

  test('sticky keeps a session with its worker, and spreads sessions', async () => {
    pool = createPool('routes.ts', { count: 2, policy: 'sticky' });
    await pool.start();
    const threads = new Map<bigint, Set<string>>();
    for (let id = 1n; id <= 8n; id += 1n) {
      const session = new ScriptedSession((id << 32n) + id);
      const streams = await Promise.all(Array.from({ length: 5 }, () => exchange(pool, { path: '/thread', session })));
      threads.set(id, new Set(streams.map(({ text }) => text)));
    }
    expect([...threads.values()].map(({ size }) => size)).toEqual(Array(8).fill(1));
    expect(requestsOfWorkers()).toEqual([20, 20]);
  });

  test('while a worker is away, the others serve; its replacement takes requests again', async () => {
    pool = createPool('routes.ts', { count: 2, policy: 'round-robin' });
    await pool.start();
    pool.on('workerError', () => undefined);
    await exchange(pool, { path: '/throw' });
    const statuses = await Promise.all(Array.from({ length: 10 }, () => exchange(pool, { path: '/thread' })));
    expect(statuses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await waitUntil('all workers', () => pool.stats().workers.every(({ state }) => state === 'ready'));
    const before = requestsOfWorkers();
    await Promise.all(Array.from({ length: 4 }, () => exchange(pool, { path: '/thread' })));
    expect(requestsOfWorkers()).toEqual(before.map((count) => count + 2));
  });
});

describe('what a worker knows of a session', () => {
  test('its id, addresses, virtual fd and TLS facts, and no socket', async () => {
    pool = createPool('routes.ts');
    await pool.start();
    const session = new ScriptedSession(2n ** 63n + 5n);
    const { text } = await exchange(pool, { path: '/session', session });
    expect(text).toBe('9223372036854775813,127.0.0.1,50000,7,TLS_AES_128_GCM_SHA256,');
  });

  test('destroy ends the real one', async () => {
    pool = createPool('routes.ts');
    await pool.start();
    const session = new ScriptedSession(1n);
    const stream = send(pool, { path: '/destroy-session', session });
    await waitUntil('destroy', () => session.destroyedWith !== undefined);
    expect(session.destroyedWith).toEqual({ message: 'go away', code: 0x107 });
    stream.abort(0x107);
  });
});
