import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type NetworkChange, NetworkWatch } from '../../src/transport/network-watch.js';

describe('NetworkWatch', () => {
  let present: string[];
  let looks: number;
  let watch: NetworkWatch;
  let changes: { added: string[]; removed: string[] }[];
  const dependent = { onNetworkChange: (change: NetworkChange) => note(change) };

  function note({ added, removed }: NetworkChange): void {
    changes.push({ added: [...added], removed: [...removed] });
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    present = ['127.0.0.1', '192.0.2.1'];
    looks = 0;
    changes = [];
    watch = new NetworkWatch(() => {
      looks += 1;
      return new Set(present);
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('tells what came and what went, and nothing while all stays', () => {
    watch.attach(dependent);
    vi.advanceTimersByTime(10_000);
    expect(changes).toEqual([]);
    present = ['127.0.0.1', '192.0.2.2'];
    vi.advanceTimersByTime(2000);
    vi.advanceTimersByTime(10_000);
    expect(changes).toEqual([{ added: ['192.0.2.2'], removed: ['192.0.2.1'] }]);
  });

  test('looks only while somebody depends on an address', () => {
    watch.subscribe(dependent);
    vi.advanceTimersByTime(10_000);
    expect(looks).toBe(0);
    const other = { onNetworkChange: () => undefined };
    watch.attach(other);
    expect(looks).toBe(1);
    watch.detach(other);
    watch.detach(other);
    vi.advanceTimersByTime(10_000);
    expect(looks).toBe(1);
    // What changed meanwhile is told as soon as somebody depends on an address again.
    present = [];
    watch.attach(other);
    expect(changes).toEqual([{ added: [], removed: ['127.0.0.1', '192.0.2.1'] }]);
    watch.detach(other);
  });

  test('does not look for each of many that come and go', () => {
    for (let round = 0; round < 1000; round += 1) {
      const other = { onNetworkChange: () => undefined };
      watch.attach(other);
      watch.detach(other);
    }
    expect(looks).toBe(1);
  });

  test('tells those who depend on an address before the others, and nobody who has left', () => {
    const told: string[] = [];
    const first = { onNetworkChange: () => told.push('dependent') };
    const second = { onNetworkChange: () => told.push('listener') };
    const gone = { onNetworkChange: () => told.push('gone') };
    watch.subscribe(second);
    watch.subscribe(gone);
    watch.unsubscribe(gone);
    watch.attach(first);
    present = [];
    watch.check();
    expect(told).toEqual(['dependent', 'listener']);
    watch.detach(first);
  });
});
