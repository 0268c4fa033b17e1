import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PathKeeper } from '../../src/session/path-keeper.js';

describe('PathKeeper', () => {
  /** `elsewhere` of each attempt, and the milliseconds at which it was made. */
  let attempts: [boolean, number][];
  let succeeds: boolean;
  let keeper: PathKeeper;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    attempts = [];
    succeeds = true;
    const begin = performance.now();
    keeper = new PathKeeper({
      localAddress: '192.0.2.1',
      move: async (elsewhere) => {
        attempts.push([elsewhere, performance.now() - begin]);
        return succeeds;
      },
    });
  });

  afterEach(() => {
    keeper.stop();
    vi.useRealTimers();
  });

  test('moves wherever the system wants when it is asked, once for all who ask at the same time', async () => {
    const answers = Promise.all([keeper.rebind(), keeper.rebind(), keeper.rebind()]);
    await vi.advanceTimersByTimeAsync(0);
    expect(await answers).toEqual([true, true, true]);
    expect(attempts).toEqual([[false, 0]]);
  });

  test('leaves a quarter of a second between moves', async () => {
    await keeper.rebind();
    const second = keeper.rebind();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await second).toBe(true);
    expect(attempts).toEqual([
      [false, 0],
      [false, 250],
    ]);
  });

  test('goes on trying to get elsewhere, more and more slowly, until it succeeds', async () => {
    succeeds = false;
    keeper.pathLost();
    await vi.advanceTimersByTimeAsync(1000);
    expect(attempts).toEqual([0, 100, 300, 700].map((time) => [true, time]));
    succeeds = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts.slice(4)).toEqual([[true, 1500]]);
  });

  test('never waits for more than five seconds', async () => {
    succeeds = false;
    keeper.pathLost();
    await vi.advanceTimersByTimeAsync(60_000);
    const times = attempts.map(([, time]) => time);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(5000);
  });

  test('tries once however often the path is found to be lost', async () => {
    succeeds = false;
    for (let count = 0; count < 100; count += 1) keeper.pathLost();
    await vi.advanceTimersByTimeAsync(50);
    for (let count = 0; count < 100; count += 1) keeper.pathLost();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toHaveLength(1);
  });

  test('stops when something arrives after all, and begins anew with the next loss', async () => {
    succeeds = false;
    keeper.pathLost();
    await vi.advanceTimersByTimeAsync(50);
    keeper.pathWorks();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toHaveLength(1);
    keeper.pathLost();
    await vi.advanceTimersByTimeAsync(100);
    expect(attempts.map(([, time]) => time - 60_050)).toEqual([-60_050, 0, 100]);
  });

  test('moves when its own address goes away, not when another does', async () => {
    keeper.onNetworkChange({ added: new Set(['192.0.2.9']), removed: new Set(['192.0.2.2']) });
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toEqual([]);
    keeper.onNetworkChange({ added: new Set(), removed: new Set(['192.0.2.1']) });
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toEqual([[true, 0]]);
  });

  test('settles what waits when the connection ends', async () => {
    await keeper.rebind();
    const second = keeper.rebind();
    keeper.stop();
    expect(await second).toBe(false);
    keeper.pathLost();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toHaveLength(1);
  });
});
