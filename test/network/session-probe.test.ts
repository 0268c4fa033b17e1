import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConnectionError } from '../../src/errors.js';
import type { NativeStats } from '../../src/native.js';
import { SessionProbe } from '../../src/session/session-probe.js';

describe('SessionProbe', () => {
  let pings: ((ms: number | undefined) => void)[];
  let losses: ConnectionError[];
  let packetsReceived: number;
  let rttMs: number;
  let isOver: boolean;
  let probe: SessionProbe;

  function make(interval: number): void {
    probe = new SessionProbe(
      {
        ping: () => new Promise((resolve) => pings.push(resolve)),
        stats: async () => (isOver ? undefined : ({ packetsReceived, rttMs, rttVarMs: 0 } as NativeStats)),
        lost: (reason) => losses.push(reason),
      },
      interval,
    );
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    [pings, losses, packetsReceived, rttMs, isOver] = [[], [], 0, 10, false];
    make(0);
  });

  afterEach(() => {
    probe.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('gives a session up when nothing arrives within two seconds', async () => {
    probe.probe();
    await vi.advanceTimersByTimeAsync(1999);
    expect(losses).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(losses.map(({ code }) => code)).toEqual(['ERR_HTTP3_CONNECTION']);
  });

  test('waits for eight probe timeouts where the way is long', async () => {
    rttMs = 600;
    probe.probe();
    // RFC 9002 6.2.1: 600 + 1 (granularity) + 25 (max_ack_delay), times eight.
    await vi.advanceTimersByTimeAsync(5007);
    expect(losses).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(losses).toHaveLength(1);
  });

  test('takes whatever arrives for a sign of life', async () => {
    probe.probe();
    for (let round = 0; round < 5; round += 1) {
      packetsReceived += 1;
      await vi.advanceTimersByTimeAsync(2000);
    }
    expect(losses).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(losses).toHaveLength(1);
  });

  test('sends one PING at a time, and is content with its answer', async () => {
    for (let count = 0; count < 10; count += 1) probe.probe();
    await vi.advanceTimersByTimeAsync(10);
    expect(pings).toHaveLength(1);
    pings[0]?.(12);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(losses).toEqual([]);
    probe.probe();
    await vi.advanceTimersByTimeAsync(0);
    expect(pings).toHaveLength(2);
  });

  test('probes at intervals once it is started, and no more when it is stopped', async () => {
    make(1000);
    await vi.advanceTimersByTimeAsync(5000);
    expect(pings).toHaveLength(0);
    probe.start();
    probe.start();
    for (let round = 1; round <= 3; round += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      expect(pings).toHaveLength(round);
      pings[round - 1]?.(1);
    }
    probe.stop();
    probe.start();
    probe.probe();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pings).toHaveLength(3);
  });

  test.each(['before its figures are known', 'while it waits'])(
    'says nothing of a session that ends %s',
    async (when) => {
      if (when === 'before its figures are known') isOver = true;
      probe.probe();
      await vi.advanceTimersByTimeAsync(0);
      isOver = true;
      pings[0]?.(undefined);
      probe.stop();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(losses).toEqual([]);
    },
  );
});
