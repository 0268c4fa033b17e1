import { afterEach, expect, test, vi } from 'vitest';
import { AlternativeServices } from '../../../src/client/dispatcher/alternative-services.js';
import type { AgentStore } from '../../../src/client/store/agent-store.js';
import { createRandom } from '../../support/random.js';
import { MINUTE, origin, settled, shown } from './support.js';

afterEach(() => vi.useRealTimers());

const failure = new Error('the store is out of order');
const alternative = { host: 'example.org', port: 443, source: 'alt-svc', expires: Number.POSITIVE_INFINITY } as const;

function storeThat(answer: () => never | Promise<never>): AgentStore {
  return { get: answer, set: answer, delete: answer, push: answer, take: answer };
}

test.each<[string, () => never | Promise<never>]>([
  [
    'throws',
    () => {
      throw failure;
    },
  ],
  ['rejects', () => Promise.reject(failure)],
])('a store that %s is reported, and what was learnt holds', async (_name, answer) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const errors: unknown[] = [];
  const services = new AlternativeServices(storeThat(answer), { onStoreError: (error) => errors.push(error) });
  await services.load(origin);
  services.learn(origin, 'h3=":443"');
  services.markBroken(origin, alternative);
  expect(services.known(origin)).toBeNull();
  services.markWorking(origin, alternative);
  expect(shown(services)).toBe('alt-svc example.org:443');
  vi.advanceTimersByTime(2 * MINUTE);
  shown(services);
  await settled();
  expect(shown(services)).toBe('alt-svc example.org:443');
  expect(new Set(errors)).toEqual(new Set([failure]));
  expect(errors).toHaveLength(5);
});

test('a store that never answers holds a request up for a second', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const services = new AlternativeServices(
    storeThat(() => new Promise(() => undefined)),
    { onStoreError: () => undefined },
  );
  const loaded = services.load(origin);
  await vi.advanceTimersByTimeAsync(1_000);
  await loaded;
  expect(services.known(origin)).toBeNull();
  services.learn(origin, 'h3=":443"');
  expect(shown(services)).toBe('alt-svc example.org:443');
});

test('garbage from a store is reported and not used', async () => {
  const random = createRandom(7838);
  const whole = Buffer.from(
    JSON.stringify({ at: 1, alternatives: [{ host: 'a', port: 1, expires: 9e15, persist: true }] }),
  );
  const kinds: (() => unknown)[] = [
    () => 'text',
    () => Buffer.from('null'),
    () => Buffer.from('{"at":1,"alternatives":[{"host":"","port":1,"expires":1}]}'),
    () => Buffer.from('{"at":1,"alternatives":[{"host":"a","port":99999,"expires":1}]}'),
    () => Buffer.from(`{"at":1,"alternatives":[${Array(100).fill('{}').join(',')}]}`),
    () => {
      const changed = Buffer.from(whole);
      changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
      return changed;
    },
  ];
  for (let round = 0; round < 500; round += 1) {
    const errors: unknown[] = [];
    const garbage = kinds[round % kinds.length];
    const store = { get: () => garbage?.() } as unknown as AgentStore;
    const services = new AlternativeServices(store, { onStoreError: (error) => errors.push(error) });
    await services.load(origin);
    const known = services.known(origin);
    expect(known === null || (known !== undefined && known.port > 0 && known.host !== '')).toBe(true);
    if (known === null) expect(errors.every((error) => error instanceof TypeError)).toBe(true);
  }
});
