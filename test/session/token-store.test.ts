import { describe, expect, it } from 'vitest';
import { MemoryTokenStore, type StoredToken } from '../../src/session/token-store.js';

const token = (name: string, expires = Date.now() + 60_000): StoredToken => ({
  token: Buffer.from(name),
  expires,
  certificates: [],
});
const name = (stored: StoredToken | undefined): string | undefined => stored && Buffer.from(stored.token).toString();

describe('MemoryTokenStore', () => {
  it('gives each token once, the newest first (RFC 8446 C.4)', () => {
    const store = new MemoryTokenStore();
    store.put('a', token('1'));
    store.put('a', token('2'));
    expect([store.take('a'), store.take('a'), store.take('a')].map(name)).toEqual(['2', '1', undefined]);
    expect(store.size).toBe(0);
  });

  it('keeps servers apart', () => {
    const store = new MemoryTokenStore();
    store.put('a', token('1'));
    expect(store.take('b')).toBeUndefined();
    expect(name(store.take('a'))).toBe('1');
  });

  it('drops expired tokens', () => {
    const store = new MemoryTokenStore();
    store.put('a', token('old', Date.now() - 1));
    expect(store.take('a')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('is bounded, for each server and in all; the server unused for longest goes first', () => {
    const store = new MemoryTokenStore(2);
    for (let index = 0; index < 10; index += 1) store.put('a', token(String(index)));
    store.put('b', token('b'));
    store.put('a', token('last'));
    store.put('c', token('c'));
    expect(store.size).toBe(2);
    expect(store.take('b')).toBeUndefined();
    const left: (string | undefined)[] = [];
    for (let found = store.take('a'); found !== undefined; found = store.take('a')) left.push(name(found));
    expect(left).toEqual(['last', '9', '8', '7']);
  });
});
