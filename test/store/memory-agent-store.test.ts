import { describe, expect, test, vi } from 'vitest';
import { MemoryAgentStore } from '../../src/client/store/memory-agent-store.js';
import { describeContract } from './contract.js';

const FAR = Number.POSITIVE_INFINITY;

describe('a store in memory', () => {
  describeContract(() => new MemoryAgentStore());

  test('forgets the key that was least recently used when there are too many', () => {
    const store = new MemoryAgentStore({ maxKeys: 2 });
    store.set('a', Buffer.from('a'), FAR);
    store.set('b', Buffer.from('b'), FAR);
    store.get('a');
    store.push('c', Buffer.from('c'), FAR);
    expect([store.get('a'), store.get('b'), store.take('c')].map((value) => value?.length)).toEqual([1, undefined, 1]);
  });

  test('forgets keys when there are too many bytes, even the one that is too large', () => {
    const store = new MemoryAgentStore({ maxBytes: 10 });
    store.set('a', Buffer.alloc(6), FAR);
    store.set('b', Buffer.alloc(6), FAR);
    expect([store.get('a')?.length, store.get('b')?.length]).toEqual([undefined, 6]);
    store.set('c', Buffer.alloc(11), FAR);
    expect(store.size).toBe(0);
    for (let round = 0; round < 100; round += 1) store.set('d', Buffer.alloc(10), FAR);
    expect(store.get('d')?.length).toBe(10);
  });

  test('forgets with time', () => {
    vi.useFakeTimers();
    const store = new MemoryAgentStore();
    store.set('a', Buffer.from('a'), Date.now() + 1_000);
    store.push('b', Buffer.from('b'), Date.now() + 1_000);
    vi.advanceTimersByTime(1_000);
    expect([store.get('a'), store.take('b')]).toEqual([undefined, undefined]);
    expect(store.size).toBe(0);
    vi.useRealTimers();
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses the limit %s', (limit) => {
    expect(() => new MemoryAgentStore({ maxKeys: limit })).toThrow('maxKeys');
    expect(() => new MemoryAgentStore({ maxBytes: limit })).toThrow('maxBytes');
  });
});
