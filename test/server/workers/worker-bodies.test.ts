import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { createPool, exchange } from './support/pool.js';

let pool: WorkerPool;
beforeEach(async () => {
  pool = createPool('routes.ts');
  await pool.start();
});
afterEach(() => pool.close(false));

const MIB = 1024 * 1024;

/** Chunks of changing sizes, some with an ArrayBuffer of their own (which is transferred), some parts of a shared one. */
function* patternedChunks(total: number): Generator<Buffer> {
  const sizes = [1, 100, 16 * 1024 - 1, 16 * 1024, 64 * 1024, 100_000];
  let sent = 0;
  for (let turn = 0; sent < total; turn += 1) {
    const length = Math.min(sizes[turn % sizes.length] ?? 1, total - sent);
    const chunk = turn % 2 === 0 ? Buffer.allocUnsafeSlow(length) : Buffer.allocUnsafeSlow(length + 10).subarray(5, -5);
    for (let index = 0; index < length; index += 1) chunk[index] = (sent + index) % 251;
    sent += length;
    yield chunk;
  }
}

function digest(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

describe('bodies', () => {
  test.each([0, 1, 13, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 256 * 1024, 5 * MIB + 3, 64 * MIB])(
    '%i bytes there and back are the same bytes',
    async (total) => {
      const stream = await exchange(pool, { method: 'POST', path: '/echo', body: patternedChunks(total) });
      expect(stream.status).toBe(200);
      expect(stream.received.reduce((sum, { length }) => sum + length, 0)).toBe(total);
      expect(digest(stream.received)).toBe(digest(patternedChunks(total)));
    },
  );

  test('many exchanges at once do not mix', async () => {
    const sizes = Array.from({ length: 60 }, (_, index) => index * index * 97);
    const streams = await Promise.all(
      sizes.map((total) => exchange(pool, { method: 'POST', path: '/echo', body: patternedChunks(total) })),
    );
    expect(streams.map(({ received }) => digest(received))).toEqual(
      sizes.map((total) => digest(patternedChunks(total))),
    );
  });

  test('a handler may use its buffer again after the write', async () => {
    const stream = await exchange(pool, { path: '/send?bytes=20000000' });
    expect(digest(stream.received)).toBe(digest(patternedChunks(20_000_000)));
  });
});

describe('what is not a body', () => {
  test('HEAD, 204 and 304 have none', async () => {
    const stream = await exchange(pool, { method: 'HEAD', path: '/early-hints' });
    expect(stream.sentInfoHeaders).toEqual([{ ':status': 103, link: '</a.css>' }]);
    expect(stream.status).toBe(204);
    expect(stream.text).toBe('');
  });

  test('trailers both ways', async () => {
    const stream = await exchange(pool, {
      method: 'POST',
      path: '/trailers',
      body: [Buffer.from('x')],
      trailers: ['x-sum', '42'],
    });
    expect(stream.text).toBe('body');
    expect(stream.sentTrailers).toEqual({ 'x-received': '42' });
  });

  test('fields that come several times', async () => {
    const stream = await exchange(pool, { path: '/headers', headers: { 'x-a': 'b, c', accept: '*/*' } });
    expect(stream.sentHeaders).toMatchObject({ 'x-list': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] });
    expect(JSON.parse(stream.text)).toMatchObject({ ':method': 'GET', 'x-a': 'b, c', accept: '*/*' });
  });
});
