import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { runModule } from '../../support/run-child.js';
import { waitUntil } from '../../support/wait-until.js';
import { createPool, exchange, send } from './support/pool.js';
import { ScriptedSession } from './support/scripted-stream.js';

let pool: WorkerPool;
afterEach(() => pool?.close(false));

async function start(...args: Parameters<typeof createPool>): Promise<void> {
  pool = createPool(...args);
  await pool.start();
}

describe('the end of a request', () => {
  test('a client that goes away: the handler hears of it, and its writes are dropped', async () => {
    await start('routes.ts');
    const held = send(pool, { path: '/hold', headers: { 'x-respond': 'yes' } });
    const writing = send(pool, { path: '/send?bytes=100000000' });
    const uploading = send(pool, { method: 'POST', path: '/hold', open: true });
    await waitUntil('the beginnings', () => held.received.length > 0 && writing.received.length > 0);
    for (const stream of [held, writing, uploading]) stream.abort(H3_ERROR.H3_REQUEST_CANCELLED);
    let log = '';
    while (log.split(',').length < 4) log = (await exchange(pool, { path: '/log' })).text;
    expect(log.split(',').sort()).toEqual(['aborted', 'aborted', 'close 268', 'close 268']);
    expect(pool.stats()).toMatchObject({ openRequests: 0, deaths: 0 });
  });

  test('a write that waits when the client goes away fails, once', async () => {
    await start('routes.ts');
    const stream = send(pool, { path: '/hold', headers: { 'x-fill': 'yes' } });
    stream.stalled = true;
    await waitUntil('a full window', () => (pool.stats().workers[0]?.responseBytesInFlight ?? 0) >= 256 * 1024);
    stream.abort(H3_ERROR.H3_REQUEST_CANCELLED);
    let log = '';
    while (log.split(',').length < 3) log = (await exchange(pool, { path: '/log' })).text;
    expect(log.split(',').sort()).toEqual(['aborted', 'close 268', 'write ERR_HTTP3_INVALID_STREAM']);
  });

  test('a handler that resets: the client gets its code', async () => {
    await start('routes.ts');
    const stream = await exchange(pool, { path: '/reset' });
    expect([stream.headersSent, stream.rstCode]).toEqual([false, 0x10c]);
  });

  test('a response without a look at the upload: the rest of it is not taken', async () => {
    await start('routes.ts');
    const stream = await exchange(pool, { method: 'POST', path: '/ignore', open: true });
    expect([stream.status, stream.rstCode]).toEqual([403, H3_ERROR.H3_NO_ERROR]);
  });

  test('a request that the server itself answered: what the handler says comes too late, and harms nobody', async () => {
    await start('slow.ts');
    const stream = send(pool, { method: 'POST', open: true });
    stream.respond({ ':status': 408 }, { endStream: true });
    stream.close();
    await stream.gone;
    expect((await exchange(pool)).status).toBe(200);
    expect([stream.status, stream.errored, pool.stats().deaths]).toEqual([408, null, 0]);
  });
});

describe('close', () => {
  test('waits for the open requests, refuses those that come after, and ends the threads', async () => {
    await start('slow.ts', { count: 2 });
    const open = Array.from({ length: 10 }, () => send(pool));
    const closed = pool.close();
    await Promise.all(open.map(({ gone }) => gone));
    expect(open.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await closed;
    expect(pool.stats().workers.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    expect((await exchange(pool)).status).toBe(503);
  });

  test('at once settles the open requests as a death does', async () => {
    await start('routes.ts');
    const open = send(pool, { path: '/hold' });
    const graceful = pool.close();
    await pool.close(false);
    await graceful;
    expect(open.status).toBe(502);
    expect(pool.stats().workers[0]?.state).toBe('stopped');
  });

  test('does not wait for clean-up longer than closeTimeout', async () => {
    await start('close-hangs.ts', { closeTimeout: 200 });
    await exchange(pool);
    await pool.close();
    expect(pool.stats().workers[0]?.state).toBe('stopped');
  });

  test('while the workers start: start() is rejected', async () => {
    pool = createPool('never-ready.ts');
    const started = expect(pool.start()).rejects.toThrow('The workers were ended');
    await pool.close();
    await started;
  });

  test('one listener a session is enough for all workers and their replacements', async () => {
    await start('routes.ts', { count: 3, policy: 'round-robin' });
    const session = new ScriptedSession(1n);
    await Promise.all(Array.from({ length: 3 }, () => exchange(pool, { path: '/thread', session })));
    await exchange(pool, { path: '/throw', session });
    await waitUntil('the replacement', () => pool.stats().workers.every(({ state }) => state === 'ready'));
    await Promise.all(Array.from({ length: 3 }, () => exchange(pool, { path: '/thread', session })));
    expect(session.listenerCount('close')).toBe(1);
    session.close();
    expect(session.listenerCount('close')).toBe(0);
  });
});

describe('a process with workers', () => {
  const child = fileURLToPath(new URL('./idle-pool-child.ts', import.meta.url));

  test('ends when they are idle', async () => {
    expect(await runModule(child)).toMatchObject({ exitCode: 0, stdout: 'ready ' });
  });

  test('does not end while a request is open', async () => {
    expect(await runModule(child, { args: ['busy'] })).toMatchObject({ exitCode: 0, stdout: 'ready answered 200' });
  });
});
