import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseOrigin } from '../../../src/http/origin.js';
import { HOUR, MINUTE, makeServices, origin, settled, shown } from './support.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

test('nothing is known before the store was asked, then there is none, then what was learnt', async () => {
  const { services } = makeServices();
  expect(services.known(origin)).toBeUndefined();
  await services.load(origin);
  expect(services.known(origin)).toBeNull();
  services.learn(origin, 'h3="alt.example.org:8443"; ma=60, h2=":443"');
  expect(services.known(origin)).toEqual({
    host: 'alt.example.org',
    port: 8443,
    source: 'alt-svc',
    expires: Date.now() + 60_000,
  });
});

test.each([
  ['its own host', 'h3=":444"', 'alt-svc example.org:444'],
  ['the first of several', 'h3-29=":1", h3=":2", h3=":3"', 'alt-svc example.org:2'],
  ['none with h2 only', 'h2=":443"', null],
  ['none with ma=0', 'h3=":443"; ma=0', null],
])('the alternative is %s', async (_name, field, expected) => {
  const { services } = makeServices();
  await services.load(origin);
  services.learn(origin, field);
  expect(shown(services)).toBe(expected);
});

test('a new field replaces the last one, clear drops it, garbage changes nothing', async () => {
  const { services } = makeServices();
  await services.load(origin);
  services.learn(origin, 'h3=":1"');
  services.learn(origin, 'h3=":2"');
  expect(shown(services)).toBe('alt-svc example.org:2');
  services.learn(origin, 'total garbage');
  expect(shown(services)).toBe('alt-svc example.org:2');
  services.learn(origin, 'clear');
  expect(shown(services)).toBeNull();
});

test('it ends with its age, and the Age field counts (RFC 7838 3.1)', async () => {
  const { services } = makeServices();
  await services.load(origin);
  services.learn(origin, 'h3=":1"; ma=100', 40);
  vi.advanceTimersByTime(59_999);
  expect(shown(services)).toBe('alt-svc example.org:1');
  vi.advanceTimersByTime(1);
  expect(shown(services)).toBeNull();
  services.learn(origin, 'h3=":1"; ma=100', 100);
  expect(shown(services)).toBeNull();
});

test('the same field with each response makes it live longer, and is written only now and then', async () => {
  const { services, store } = makeServices();
  await services.load(origin);
  const set = vi.spyOn(store, 'set');
  for (let minute = 0; minute < 600; minute += 1) {
    for (let response = 0; response < 10; response += 1) services.learn(origin, 'h3=":1"; ma=3600');
    vi.advanceTimersByTime(MINUTE / 4);
    services.learn(origin, 'h3=":1"; ma=3600');
    vi.advanceTimersByTime((3 * MINUTE) / 4);
  }
  expect(shown(services)).toBe('alt-svc example.org:1');
  expect(set.mock.calls.length).toBeLessThanOrEqual(600);
});

test('a restart and another process know it; so do they that it was cleared', async () => {
  const { services, store } = makeServices();
  services.learn(origin, 'h3=":1"; persist=1');
  await settled();
  const other = makeServices({}, store).services;
  await other.load(origin);
  expect(shown(other)).toBe('alt-svc example.org:1');
  vi.advanceTimersByTime(1_000);
  services.learn(origin, 'clear');
  vi.advanceTimersByTime(MINUTE);
  shown(other);
  await settled();
  expect(shown(other)).toBeNull();
});

test('what another process learns is known here within a minute', async () => {
  const { services, store } = makeServices();
  await services.load(origin);
  makeServices({}, store).services.learn(origin, 'h3=":1"');
  await settled();
  expect(shown(services)).toBeNull();
  vi.advanceTimersByTime(MINUTE);
  shown(services);
  await settled();
  expect(shown(services)).toBe('alt-svc example.org:1');
});

test('after a change of the network only what persists is left (RFC 7838 2.2), and the store does not bring it back', async () => {
  const { services } = makeServices();
  await services.load(origin);
  services.learn(origin, 'h3=":1", h3=":2"; persist=1');
  const [first] = [services.known(origin)];
  if (first) services.markBroken(origin, first);
  await settled();
  vi.advanceTimersByTime(1_000);
  services.networkChanged();
  expect(shown(services)).toBe('alt-svc example.org:2');
  vi.advanceTimersByTime(2 * MINUTE);
  shown(services);
  await settled();
  expect(shown(services)).toBe('alt-svc example.org:2');
  services.learn(origin, 'h3=":1"');
  expect(shown(services)).toBe('alt-svc example.org:1');
});

test('hints are used when there is nothing better', async () => {
  const { services } = makeServices({
    hints: [
      'https://example.org',
      { origin: 'https://a.example', port: 8443 },
      { origin: 'https://b.example', host: '[::1]' },
    ],
  });
  const origins = ['https://example.org', 'https://a.example', 'https://b.example', 'https://c.example'].map(
    parseOrigin,
  );
  await Promise.all(origins.map((each) => services.load(each)));
  expect(origins.map((each) => shown(services, each))).toEqual([
    'hint example.org:443',
    'hint a.example:8443',
    'hint ::1:443',
    null,
  ]);
  services.learn(origin, 'h3=":1"');
  expect(shown(services)).toBe('alt-svc example.org:1');
  services.learn(origin, 'clear');
  expect(shown(services)).toBe('hint example.org:443');
});

test.each([
  ['nonsense'],
  [{ origin: 'http://example.org' }],
  [{ origin: 'https://a', port: 0 }],
  [{ origin: 'https://a', host: '' }],
  [null],
])('the hint %o is refused', (hint) => {
  expect(() => makeServices({ hints: [hint as never] })).toThrow();
});

test('only so many origins are kept in memory, the store has the others', async () => {
  const { services } = makeServices({ maxOrigins: 10 });
  const origins = Array.from({ length: 100 }, (_, index) => parseOrigin(`https://host${index}.example`));
  for (const each of origins) services.learn(each, 'h3=":1"');
  await settled();
  for (const each of origins) await services.load(each);
  expect(origins.filter((each) => services.known(each) !== undefined)).toHaveLength(10);
  const [first = origin] = origins;
  await services.load(first);
  expect(shown(services, first)).toBe('alt-svc host0.example:1');
});

test('a broken alternative is left alone for 5 minutes, then twice as long each time, at most 48 hours', async () => {
  const { services, store } = makeServices({ hints: ['https://example.org'] });
  await services.load(origin);
  const times: number[] = [];
  for (let failure = 0; failure < 12; failure += 1) {
    const alternative = services.known(origin);
    if (!alternative) throw new Error('there is no alternative');
    services.markBroken(origin, alternative);
    services.markBroken(origin, alternative);
    const begun = Date.now();
    while (services.known(origin) === null) {
      vi.advanceTimersByTime(5 * MINUTE);
      await settled();
    }
    times.push((Date.now() - begun) / MINUTE);
  }
  expect(times).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 2880, 2880]);
  // The count survives a restart, and the end of a mark.
  const restarted = makeServices({ hints: ['https://example.org'] }, store).services;
  await restarted.load(origin);
  const alternative = restarted.known(origin);
  if (!alternative) throw new Error('there is no alternative');
  restarted.markBroken(origin, alternative);
  vi.advanceTimersByTime(47 * HOUR);
  expect(restarted.known(origin)).toBeNull();
  restarted.markWorking(origin, alternative);
  expect(shown(restarted)).toBe('hint example.org:443');
  restarted.markBroken(origin, alternative);
  vi.advanceTimersByTime(5 * MINUTE);
  expect(shown(restarted)).toBe('hint example.org:443');
});

test('the next alternative takes the place of a broken one', async () => {
  const { services } = makeServices();
  await services.load(origin);
  services.learn(origin, 'h3=":1", h3=":2"');
  for (const expected of ['alt-svc example.org:1', 'alt-svc example.org:2']) {
    expect(shown(services)).toBe(expected);
    const alternative = services.known(origin);
    if (alternative) services.markBroken(origin, alternative);
  }
  expect(services.known(origin)).toBeNull();
});
