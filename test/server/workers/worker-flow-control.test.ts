import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { waitUntil } from '../../support/wait-until.js';
import { createPool, exchange, send } from './support/pool.js';

const MIB = 1024 * 1024;
const WINDOW = 256 * 1024;
const CHUNK = 64 * 1024;
/** What the streams on both sides may hold of a body beside what is under way: their high-water marks, and a chunk. */
const BUFFERS = 3 * CHUNK;

let pool: WorkerPool;
beforeEach(async () => {
  pool = createPool('routes.ts', { window: WINDOW });
  await pool.start();
});
afterEach(() => pool.close(false));

function* zeros(total: number): Generator<Buffer> {
  for (let sent = 0; sent < total; sent += CHUNK) yield Buffer.alloc(CHUNK);
}

/** Lets both threads go on until nothing moves any more. */
async function settled(value: () => number): Promise<number> {
  let last = -1;
  for (let quiet = 0; quiet < 200; quiet += 1) {
    if (value() !== last) quiet = 0;
    last = value();
    await turn();
    // A round trip through the worker: what it had to say before has been said.
    if (quiet % 50 === 49) await exchange(pool, { path: '/thread' });
  }
  return last;
}

test('a handler that does not read stops the upload at the window', async () => {
  const stream = send(pool, { method: 'POST', path: '/hold', body: zeros(256 * MIB) });
  const taken = await settled(() => stream.bytesTaken);
  expect(taken).toBeGreaterThanOrEqual(WINDOW);
  expect(taken).toBeLessThanOrEqual(WINDOW + BUFFERS);
  expect(pool.stats().workers[0]?.requestBytesInFlight).toBeLessThan(WINDOW + CHUNK);
  stream.abort(0x10c);
  await stream.gone;
  expect(pool.stats().workers[0]?.requestBytesInFlight).toBe(0);
});

test('when the handler reads later, all bytes arrive, with no more than the window under way', async () => {
  const stream = send(pool, { method: 'POST', path: '/late-reader', body: zeros(32 * MIB) });
  let most = 0;
  stream.on('data', () => {
    most = Math.max(most, pool.stats().workers[0]?.requestBytesInFlight ?? 0);
  });
  await stream.gone;
  expect(stream.text).toBe(String(32 * MIB));
  expect(most).toBeGreaterThanOrEqual(WINDOW);
  expect(most).toBeLessThan(WINDOW + CHUNK);
});

test('a client that does not read stops the handler at the window', async () => {
  const stream = send(pool, { path: `/send?bytes=${16 * MIB}` });
  stream.stalled = true;
  await settled(() => pool.stats().workers[0]?.responseBytesInFlight ?? 0);
  expect(pool.stats().workers[0]?.responseBytesInFlight).toBe(WINDOW);
  expect(stream.writableLength).toBe(WINDOW);
  stream.unstall();
  await stream.gone;
  expect(stream.received.reduce((sum, { length }) => sum + length, 0)).toBe(16 * MIB);
  expect(pool.stats().workers[0]?.responseBytesInFlight).toBe(0);
});

test('a stalled stream does not hold up others', async () => {
  const stalled = send(pool, { path: `/send?bytes=${4 * MIB}` });
  stalled.stalled = true;
  const unread = send(pool, { method: 'POST', path: '/hold', body: zeros(4 * MIB) });
  await waitUntil('a full window', () => unread.bytesTaken >= WINDOW);
  const other = await exchange(pool, { method: 'POST', path: '/echo', body: zeros(4 * MIB) });
  expect(other.received.reduce((sum, { length }) => sum + length, 0)).toBe(4 * MIB);
  await waitUntil('the end of the others', () => pool.stats().openRequests === 2);
  unread.abort(0x10c);
  stalled.abort(0x10c);
  await waitUntil('the end of the others', () => pool.stats().openRequests === 0);
});
