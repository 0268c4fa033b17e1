import { expect, it, onTestFinished } from 'vitest';
import { waitUntil } from '../../support/wait-until.js';
import { createPool, exchange } from '../workers/support/pool.js';

it('requests that crash their worker in quick succession do not make others fail', async () => {
  const pool = createPool('routes.ts', { count: 2, policy: 'round-robin' });
  onTestFinished(() => pool.close(false));
  await pool.start();
  for (let round = 0; round < 4; round += 1) {
    expect((await exchange(pool, { path: '/throw' })).status).toBe(502);
    await waitUntil('the end of the worker', () => pool.stats().deaths === round + 1);
    expect(pool.stats().workers.map(({ state }) => state)).not.toContain('waiting');
  }
  const threads = await Promise.all([1, 2].map(() => exchange(pool, { path: '/thread' })));
  expect(threads.map(({ status }) => status)).toEqual([200, 200]);
  expect(pool.stats().refused).toBe(0);
});

it('a place whose workers never live for a second waits before the next, but not before the sixth', async () => {
  const pool = createPool('routes.ts');
  onTestFinished(() => pool.close(false));
  await pool.start();
  const worker = () => pool.stats().workers[0];
  while (worker()?.state !== 'waiting') {
    await waitUntil('the replacement', () => worker()?.state === 'ready');
    const deaths = worker()?.deaths ?? 0;
    await exchange(pool, { path: '/throw' });
    await waitUntil('the end of the worker', () => worker()?.deaths === deaths + 1);
  }
  expect(worker()?.deaths).toBeGreaterThan(5);
  await waitUntil('the replacement', () => worker()?.state === 'ready');
  expect((await exchange(pool, { path: '/thread' })).status).toBe(200);
});
