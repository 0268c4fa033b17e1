import { afterEach, describe, expect, test } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { waitUntil } from '../../support/wait-until.js';
import { createPool, exchange, send } from './support/pool.js';

let pool: WorkerPool;
const errors: Error[] = [];

async function start(...args: Parameters<typeof createPool>): Promise<void> {
  pool = createPool(...args);
  errors.length = 0;
  pool.on('workerError', (error) => errors.push(error));
  await pool.start();
}

afterEach(() => pool.close(false));

function ready(): boolean {
  return pool.stats().workers.every(({ state }) => state === 'ready');
}

describe('a worker that dies', () => {
  test('with 50 requests open: each settles, those of the other worker go on, and a new worker serves', async () => {
    await start('routes.ts', { count: 2, policy: 'round-robin' });
    const unanswered = Array.from({ length: 50 }, () => send(pool, { path: '/hold' }));
    const begun = Array.from({ length: 50 }, () => send(pool, { path: '/hold', headers: { 'x-respond': 'yes' } }));
    await waitUntil('the beginnings', () => begun.every(({ received }) => received.length > 0));
    const slow = Array.from({ length: 10 }, () => send(pool, { path: '/send?bytes=3000000' }));
    for (const stream of slow) stream.stalled = true;

    // Round robin: the next request goes to the first worker, as every other one did.
    const last = send(pool, { path: '/throw' });
    await last.gone;
    const killed = (_: unknown, index: number): boolean => index % 2 === 0;
    await Promise.all([...unanswered, ...begun].filter(killed).map(({ gone }) => gone));
    expect(last.status).toBe(502);
    expect(unanswered.filter(killed).map(({ status }) => status)).toEqual(Array(25).fill(502));
    expect(begun.filter(killed).map(({ status, rstCode }) => [status, rstCode])).toEqual(
      Array(25).fill([200, H3_ERROR.H3_INTERNAL_ERROR]),
    );
    const others = [...unanswered, ...begun].filter((_, index) => index % 2 === 1);
    expect(others.filter(({ destroyed, rstCode }) => destroyed || rstCode !== undefined)).toEqual([]);

    for (const stream of slow) stream.unstall();
    await Promise.all(slow.map(({ gone }) => gone));
    const lengths = slow.map(({ received }) => received.reduce((sum, { length }) => sum + length, 0));
    expect(lengths.filter((_, index) => index % 2 === 1)).toEqual(Array(5).fill(3_000_000));

    await waitUntil('the replacement', ready);
    const threads = await Promise.all(Array.from({ length: 4 }, () => exchange(pool, { path: '/thread' })));
    expect(new Set(threads.map(({ text }) => text)).size).toBe(2);
    expect(pool.stats()).toMatchObject({ deaths: 1, refused: 0 });
    for (const stream of others) stream.abort(H3_ERROR.H3_REQUEST_CANCELLED);
  });

  test('of an exception, later or at once', async () => {
    await start('routes.ts');
    const [later, idle] = [send(pool, { path: '/throw-later' }), send(pool, { path: '/hold' })];
    await Promise.all([later.gone, idle.gone]);
    expect([later.rstCode, idle.status]).toEqual([H3_ERROR.H3_INTERNAL_ERROR, 502]);
    await waitUntil('the replacement', ready);
    expect((await exchange(pool, { path: '/throw' })).status).toBe(502);
    await waitUntil('the error', () => errors.length === 2);
    expect(errors.map(({ message }) => message)).toEqual([
      'A worker failed: thrown later',
      'A worker failed: thrown by the handler',
    ]);
    expect(errors[1]?.cause).toMatchObject({ message: 'thrown by the handler' });
  });

  test('of process.exit: what it answered before still arrives', async () => {
    await start('routes.ts');
    const stream = await exchange(pool, { path: '/exit' });
    expect([stream.status, stream.text]).toEqual([200, 'last words']);
    await waitUntil('the error', () => errors.length === 1);
    expect(errors[0]?.message).toBe('A worker exited with code 3');
  });

  test('of its memory limit', async () => {
    await start('routes.ts', { resourceLimits: { maxOldGenerationSizeMb: 64 } });
    expect((await exchange(pool, { path: '/exhaust-memory' })).status).toBe(502);
    await waitUntil('the error', () => errors.length === 1);
    expect(errors[0]?.cause).toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' });
    await waitUntil('the replacement', ready);
    expect((await exchange(pool, { path: '/thread' })).status).toBe(200);
  });

  test('during an upload: the client is told that the rest is not needed', async () => {
    await start('routes.ts');
    const upload = send(pool, { method: 'POST', path: '/hold', open: true });
    expect((await exchange(pool, { path: '/throw' })).status).toBe(502);
    await upload.gone;
    expect([upload.status, upload.rstCode]).toEqual([502, H3_ERROR.H3_NO_ERROR]);
  });
});

describe('a worker that cannot start', () => {
  test.each([
    ['throws.ts', 'A worker, before it was ready, failed: thrown at import'],
    ['missing.ts', /^A worker, before it was ready, failed: Cannot find module/],
    ['no-listener.ts', /exports neither a request listener nor/],
    ['init-fails.ts', 'A worker, before it was ready, failed: no database'],
  ])('%s: start() is rejected with the reason', async (module, message) => {
    pool = createPool(module, { count: 2 });
    await expect(pool.start()).rejects.toThrow(message);
    expect(pool.stats().workers.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });

  test('an import that never ends is given up', async () => {
    pool = createPool('never-ready.ts', { startTimeout: 1000 });
    await expect(pool.start()).rejects.toThrow(
      'A worker, before it was ready, failed: its module was not loaded within 1000 ms',
    );
  });

  test('again and again after the first time: the delay grows, requests get 503, and it serves when it can', async () => {
    const attempts = new Int32Array(new SharedArrayBuffer(4));
    await start('flaky.ts', { workerData: attempts });
    expect((await exchange(pool, { path: '/die' })).status).toBe(502);
    await waitUntil('three failures', () => errors.length === 3);
    expect(pool.stats().workers[0]?.state).toBe('waiting');
    expect((await exchange(pool)).status).toBe(503);
    await waitUntil('the replacement', ready);
    expect((await exchange(pool)).status).toBe(200);
    expect(errors.map(({ message }) => message)).toEqual([
      'A worker failed: died',
      'A worker, before it was ready, failed: attempt 2',
      'A worker, before it was ready, failed: attempt 3',
    ]);
    expect(pool.stats()).toMatchObject({ deaths: 3, refused: 1 });
  });
});
