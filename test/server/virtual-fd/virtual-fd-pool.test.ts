import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FdBudget, type FdWarning } from '../../../src/server/fd-budget.js';
import { resolveVirtualFdOptions, type VirtualFdOptions } from '../../../src/server/virtual-fd-options.js';
import { VirtualFdPool } from '../../../src/server/virtual-fd-pool.js';
import { waitUntil } from '../../support/wait-until.js';
import { FakeVirtualFdCalls } from './fake-virtual-fd-calls.js';

function makePool(calls: FakeVirtualFdCalls, options: VirtualFdOptions = {}) {
  const warnings: FdWarning[] = [];
  const resolved = resolveVirtualFdOptions(options, 1000, calls.soft);
  const budget = new FdBudget(calls, calls.soft, resolved, (warning) => warnings.push(warning));
  return { pool: new VirtualFdPool(calls, resolved, budget), warnings };
}

function takeAll(pool: VirtualFdPool) {
  const taken = [];
  for (;;) {
    try {
      taken.push(pool.take());
    } catch (error) {
      return { taken, error };
    }
  }
}

describe('pool of virtual fds', () => {
  it('is filled to its high-water mark, in batches, before the first connection', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolLow: 4, poolHigh: 20, poolBatch: 8 });
    expect(calls.batches).toEqual([]);
    await turn();
    expect(calls.batches).toEqual([8, 8, 4]);
    expect(pool.stats()).toMatchObject({ pooled: 20, inUse: 0 });
  });

  it('makes nothing while a connection is accepted as long as it is not empty', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolLow: 4, poolHigh: 8, poolBatch: 8 });
    await turn();
    const madeBefore = calls.batches.length;
    for (let index = 0; index < 8; index += 1) pool.take();
    expect(calls.batches.length).toBe(madeBefore);
    await turn();
    expect(pool.stats()).toMatchObject({ pooled: 8, inUse: 8 });
  });

  it('uses a pair again if nobody was told its fd', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolHigh: 2, poolLow: 0 });
    await turn();
    const madeBefore = calls.batches.length;
    for (let index = 0; index < 1000; index += 1) pool.release(pool.take());
    expect(calls.batches.length).toBe(madeBefore);
    expect(calls.hungUp).toEqual([]);
    expect(calls.closings).toEqual([]);
    expect(pool.stats()).toMatchObject({ reused: 1000, inUse: 0, quarantined: 0 });
  });

  it('hangs up a pair whose fd was told, and closes both ends later', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolHigh: 0, poolLow: 0, poolBatch: 1, quarantineMs: 20 });
    const pair = pool.take();
    pair.see();
    pool.release(pair);
    expect(calls.hungUp).toEqual([pair.internal]);
    expect(calls.open.has(pair.number)).toBe(true);
    // Its number is held back: the next connection gets another.
    expect(pool.take().number).not.toBe(pair.number);
    await waitUntil('the quarantine to end', () => !calls.open.has(pair.number) && !calls.open.has(pair.internal));
    expect(pool.stats().quarantined).toBe(0);
  });

  it('closes many ends of quarantine by one call', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolHigh: 0, poolLow: 0, quarantineMs: 20 });
    const pairs = Array.from({ length: 50 }, () => pool.take());
    for (const pair of pairs) {
      pair.see();
      pool.release(pair);
    }
    await waitUntil('the quarantine to end', () => pool.stats().quarantined === 0);
    expect(Math.max(...calls.closings)).toBeGreaterThanOrEqual(50);
    expect(calls.doubleClosed).toEqual([]);
  });

  it('leaves the fd to the net.Socket that owns it', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolHigh: 0, poolLow: 0, poolBatch: 1, quarantineMs: 0 });
    const pair = pool.take();
    pair.giveToSocket();
    pool.release(pair);
    await waitUntil('the internal end to close', () => !calls.open.has(pair.internal));
    expect(calls.open.has(pair.number)).toBe(true);
  });

  it('does not hold more than maxQuarantined pairs back', () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolHigh: 0, poolLow: 0, quarantineMs: 60_000, maxQuarantined: 10 });
    const pairs = Array.from({ length: 30 }, () => pool.take());
    for (const pair of pairs) {
      pair.see();
      pool.release(pair);
    }
    expect(pool.stats().quarantined).toBe(10);
    expect(calls.open.has(pairs[19]?.number ?? -1)).toBe(false);
    expect(calls.open.has(pairs[20]?.number ?? -1)).toBe(true);
  });

  it('keeps the reserve free, and serves again when descriptors are', async () => {
    const calls = new FakeVirtualFdCalls(100);
    const { pool } = makePool(calls, { reservedFds: 30, quarantineMs: 0, poolLow: 2, poolHigh: 4 });
    const { taken, error } = takeAll(pool);
    // Numbers 10 to 69, two a connection.
    expect(taken.length).toBe(30);
    expect(error).toMatchObject({ code: 'ERR_HTTP3_VIRTUAL_FD_EXHAUSTED', errno: 'EMFILE' });
    expect(Math.max(...calls.open)).toBe(69);
    expect(pool.stats()).toMatchObject({ inUse: 30, refused: 1 });
    await turn();
    for (const pair of taken.splice(0, 5)) {
      pair.see();
      pool.release(pair);
    }
    await waitUntil('descriptors', () => pool.stats().quarantined === 0);
    expect(takeAll(pool).taken.length).toBe(5);
    expect(calls.doubleClosed).toEqual([]);
  });

  it('asks for single pairs only, while there are none', () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { poolBatch: 16 });
    calls.failure = -24;
    for (let index = 0; index < 100; index += 1) expect(() => pool.take()).toThrow(/EMFILE/);
    expect(calls.batches.slice(1).every((count) => count === 1)).toBe(true);
    expect(calls.usageReads).toBeLessThanOrEqual(3);
    calls.failure = undefined;
    pool.take();
    pool.take();
    expect(calls.batches.at(-1)).toBe(16);
  });

  it.each([
    [-23, 'ENFILE'],
    [-12, 'ENOMEM'],
  ])('names errno %i: %s', (failure, errno) => {
    const calls = new FakeVirtualFdCalls();
    const { pool, warnings } = makePool(calls);
    calls.failure = failure;
    expect(() => pool.take()).toThrow(expect.objectContaining({ errno }));
    expect(() => pool.take()).toThrow(expect.objectContaining({ errno }));
    expect(warnings).toEqual([expect.objectContaining({ errno })]);
  });

  it('refuses an fd beyond the connection list', () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { listSize: 20, poolHigh: 0, poolLow: 0, quarantineMs: 0 });
    const { taken, error } = takeAll(pool);
    expect(taken.map(({ number }) => number)).toEqual([10, 12, 14, 16, 18]);
    expect(error).toMatchObject({ code: 'ERR_HTTP3_VIRTUAL_FD_EXHAUSTED', errno: 'ERANGE' });
    expect(calls.open.size).toBe(10);
  });

  it('sees a limit that was raised from outside', async () => {
    const calls = new FakeVirtualFdCalls(40);
    const { pool } = makePool(calls, { reservedFds: 10, listSize: 1000 });
    takeAll(pool);
    calls.soft = 200;
    // It is read again only when somebody is refused, and not for each of them.
    await waitUntil('the new limit to be seen', () => takeAll(pool).taken.length > 0);
    expect(calls.usageReads).toBeLessThan(5);
  });

  it('warns once near the limit, and again only after use has fallen', async () => {
    const calls = new FakeVirtualFdCalls(200);
    const { pool, warnings } = makePool(calls, { reservedFds: 10, warnAt: 0.5, poolHigh: 0, poolLow: 0, poolBatch: 1 });
    const early = Array.from({ length: 40 }, () => pool.take());
    expect(warnings).toEqual([]);
    const late = Array.from({ length: 20 }, () => pool.take());
    expect(warnings).toEqual([expect.objectContaining({ limit: 200, errno: undefined })]);
    expect(warnings[0]?.open).toBeGreaterThanOrEqual(100);
    // One goes, one comes: no second warning.
    for (let index = 0; index < 20; index += 1) {
      const pair = late.pop();
      if (pair !== undefined) pool.release(pair);
      late.unshift(pool.take());
    }
    expect(warnings.length).toBe(1);
    for (const pair of [...early, ...late]) pool.release(pair);
    await turn();
    for (let index = 0; index < 60; index += 1) pool.take();
    expect(warnings.length).toBe(2);
  });

  it('closes everything in the end, each descriptor once', async () => {
    const calls = new FakeVirtualFdCalls();
    const { pool } = makePool(calls, { quarantineMs: 10 });
    await turn();
    const pairs = Array.from({ length: 100 }, () => pool.take());
    for (const [index, pair] of pairs.entries()) if (index % 2 === 0) pair.see();
    for (const pair of pairs.slice(0, 50)) pool.release(pair);
    pool.close();
    for (const pair of pairs.slice(50)) pool.release(pair);
    await waitUntil('all descriptors to close', () => calls.open.size === 0);
    await sleep(20);
    expect(calls.doubleClosed).toEqual([]);
    expect(pool.stats()).toMatchObject({ inUse: 0, pooled: 0, quarantined: 0 });
  });
});

describe('options of virtual fds', () => {
  it('size the list for two descriptors a connection, up to the limit', () => {
    expect(resolveVirtualFdOptions({}, 1000, 20_000).listSize).toBe(20_000);
    expect(resolveVirtualFdOptions({}, 1000, 1_000_000).listSize).toBe(65_536);
    expect(resolveVirtualFdOptions({}, 100_000, 1_000_000).listSize).toBe(204_096);
  });

  it('reserve an eighth of a small limit, and 64 of a large one', () => {
    expect(resolveVirtualFdOptions({}, 1000, 256).reservedFds).toBe(32);
    expect(resolveVirtualFdOptions({}, 1000, 20_000).reservedFds).toBe(64);
  });

  it.each<VirtualFdOptions>([
    { poolLow: 9, poolHigh: 8 },
    { poolBatch: 0 },
    { quarantineMs: -1 },
    { reservedFds: 1.5 },
    { warnAt: 0 },
    { warnAt: 1.1 },
    { listSize: 0 },
  ])('are refused: %o', (options) => {
    expect(() => resolveVirtualFdOptions(options, 10, 1000)).toThrow(
      expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }),
    );
  });
});
