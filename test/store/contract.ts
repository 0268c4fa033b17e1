/** What every store must do, whatever it keeps its values in. */
import { expect, onTestFinished, test } from 'vitest';
import type { AgentStore } from '../../src/client/store/agent-store.js';

const HOUR = 3_600_000;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** As plain bytes: stores may give Buffers. */
const plain = (value: Uint8Array | undefined): number[] | undefined => value && [...value];

/** @param open a new store each time; several calls in a test open the same data if the store can be shared */
export function describeContract(open: () => AgentStore | Promise<AgentStore>): void {
  async function opened(): Promise<AgentStore> {
    const store = await open();
    onTestFinished(() => store.close?.());
    return store;
  }
  const later = (): number => Date.now() + HOUR;

  test('a value is there until it is replaced or deleted', async () => {
    const store = await opened();
    expect(await store.get('key')).toBeUndefined();
    await store.set('key', bytes(1), later());
    expect(plain(await store.get('key'))).toEqual([1]);
    await store.set('key', bytes(2, 3), later());
    expect(plain(await store.get('key'))).toEqual([2, 3]);
    await store.delete('key');
    expect(await store.get('key')).toBeUndefined();
    await store.delete('key');
  });

  test('values are binary, may be empty, and are not the bytes that the caller keeps', async () => {
    const store = await opened();
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.set('every', every, later());
    await store.set('empty', bytes(), later());
    const shared = bytes(9, 8, 7, 6);
    await store.set('part', shared.subarray(1, 3), later());
    await store.push('pushed', every, later());
    shared.fill(0);
    expect(plain(await store.get('every'))).toEqual([...every]);
    expect(plain(await store.get('empty'))).toEqual([]);
    expect(plain(await store.get('part'))).toEqual([8, 7]);
    expect(plain(await store.take('pushed'))).toEqual([...every]);
  });

  test('keys may have any characters, and are told apart', async () => {
    const store = await opened();
    const keys = ["h3|[::1]:443|it's|insecure", 'ключ 🔑', 'a', 'A', `long ${'x'.repeat(2_000)}`];
    for (const [index, key] of keys.entries()) await store.set(key, bytes(index), later());
    for (const [index, key] of keys.entries()) expect(plain(await store.get(key))).toEqual([index]);
  });

  test('what has expired is not there', async () => {
    const store = await opened();
    await store.set('past', bytes(1), Date.now() - 1);
    await store.push('past of several', bytes(1), Date.now() - 1);
    expect(await store.get('past')).toBeUndefined();
    expect(await store.take('past of several')).toBeUndefined();
  });

  test('an end of life need not be a whole number', async () => {
    const store = await opened();
    await store.set('key', bytes(1), later() + 0.5);
    await store.push('several', bytes(2), later() + 0.5);
    expect(plain(await store.get('key'))).toEqual([1]);
    expect(plain(await store.take('several'))).toEqual([2]);
  });

  test('of several values the newest is taken first, each once', async () => {
    const store = await opened();
    for (const value of [1, 2, 3]) await store.push('key', bytes(value), later());
    const taken = [];
    for (let count = 0; count < 4; count += 1) taken.push(plain(await store.take('key')));
    expect(taken).toEqual([[3], [2], [1], undefined]);
  });

  test('the newest four are kept', async () => {
    const store = await opened();
    for (const value of [1, 2, 3, 4, 5, 6]) await store.push('key', bytes(value), later());
    const taken = [];
    for (let count = 0; count < 5; count += 1) taken.push(plain(await store.take('key')));
    expect(taken).toEqual([[6], [5], [4], [3], undefined]);
  });

  test('one that has expired does not hide an older one', async () => {
    const store = await opened();
    await store.push('key', bytes(1), later());
    await store.push('key', bytes(2), Date.now() - 1);
    expect(plain(await store.take('key'))).toEqual([1]);
  });

  test('delete forgets all of several', async () => {
    const store = await opened();
    for (const value of [1, 2]) await store.push('key', bytes(value), later());
    await store.delete('key');
    expect(await store.take('key')).toBeUndefined();
  });

  test('many who take at once get different values', async () => {
    const store = await opened();
    for (const value of [1, 2, 3, 4]) await store.push('key', bytes(value), later());
    const taken = await Promise.all(Array.from({ length: 40 }, () => store.take('key')));
    expect(taken.flatMap((value) => [...(value ?? [])]).sort()).toEqual([1, 2, 3, 4]);
  });
}
