import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HttpsRecord, HttpsRecordResolver } from '../../../src/http/https-record.js';
import { parseOrigin } from '../../../src/http/origin.js';
import { MINUTE, makeServices, origin, settled, shown } from './support.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

/** A resolver that knows these names, and the names that it was asked for. */
function zone(records: Readonly<Record<string, readonly HttpsRecord[]>>) {
  const asked: string[] = [];
  const resolveHttpsRecord: HttpsRecordResolver = async (name) => {
    asked.push(name);
    return records[name] ?? [];
  };
  return { resolveHttpsRecord, asked };
}

const H3 = { priority: 1, target: '.', alpn: ['h3'] };

test.each<[string, readonly HttpsRecord[], string | null]>([
  ['the owner and the origin’s port', [H3], 'https-record example.org:443'],
  ['its target and port', [{ ...H3, target: 'Svc.Example.', port: 8443 }], 'https-record svc.example:8443'],
  [
    'smaller priorities first',
    [
      { ...H3, priority: 2, port: 2 },
      { ...H3, port: 1 },
    ],
    'https-record example.org:1',
  ],
  [
    'nothing without h3',
    [
      { ...H3, alpn: ['h2'] },
      { priority: 2, target: '.' },
    ],
    null,
  ],
  ['nothing with mandatory keys that are not known', [{ ...H3, mandatory: [1, 99] }], null],
  ['nothing without life', [{ ...H3, ttl: 0 }], null],
  ['nothing with a target that is no host', [{ ...H3, target: 'a\\046b' }], null],
  ['nothing with a port that is none', [{ ...H3, port: 70_000 }], null],
])('%s', async (_name, records, expected) => {
  const { services } = makeServices(zone({ 'example.org': records }));
  await services.load(origin);
  expect(shown(services)).toBe(expected);
});

test('another port has a name of its own (RFC 9460 9.1), an address none', async () => {
  const { resolveHttpsRecord, asked } = zone({ '_8443._https.example.org': [{ ...H3, target: 'example.org' }] });
  const { services } = makeServices({ resolveHttpsRecord });
  const [other, address] = [parseOrigin('https://example.org:8443'), parseOrigin('https://127.0.0.1')];
  await services.load(other);
  await services.load(address);
  expect(shown(services, other)).toBe('https-record example.org:8443');
  expect(asked).toEqual(['_8443._https.example.org']);
});

test('aliases are followed, but not for ever', async () => {
  const alias = (target: string): HttpsRecord => ({ priority: 0, target });
  const { resolveHttpsRecord, asked } = zone({
    'example.org': [alias('a.example.'), H3],
    'a.example': [alias('b.example')],
    'b.example': [{ ...H3, port: 5 }],
    'loop.example': [alias('loop.example')],
    'none.example': [alias('.')],
  });
  const { services } = makeServices({ resolveHttpsRecord });
  const [loop, none] = [parseOrigin('https://loop.example'), parseOrigin('https://none.example')];
  for (const each of [origin, loop, none]) await services.load(each);
  expect([origin, loop, none].map((each) => shown(services, each))).toEqual(['https-record b.example:5', null, null]);
  expect(asked.filter((name) => name === 'loop.example').length).toBe(9);
});

test('the ECH configuration is there, also for an Alt-Svc alternative that is one of the records', async () => {
  const ech = Uint8Array.of(0, 1, 2);
  const { services } = makeServices(zone({ 'example.org': [{ ...H3, ech }] }));
  await services.load(origin);
  expect(services.known(origin)).toMatchObject({ source: 'https-record', echConfigList: ech });
  services.learn(origin, 'h3=":443"');
  expect(services.known(origin)).toMatchObject({ source: 'alt-svc', echConfigList: ech });
  services.learn(origin, 'h3=":444"');
  expect(services.known(origin)?.echConfigList).toBeUndefined();
});

test('records are asked for again before they end, and are used meanwhile', async () => {
  const { resolveHttpsRecord, asked } = zone({ 'example.org': [H3] });
  const { services } = makeServices({ resolveHttpsRecord });
  await services.load(origin);
  for (let minute = 0; minute < 20; minute += 1) {
    expect(shown(services)).toBe('https-record example.org:443');
    await settled();
    vi.advanceTimersByTime(MINUTE);
  }
  expect(asked).toHaveLength(5);
});

test.each<[string, HttpsRecordResolver]>([
  ['rejects', () => Promise.reject(new Error('SERVFAIL'))],
  [
    'throws',
    () => {
      throw new Error('SERVFAIL');
    },
  ],
  ['gives no list', async () => undefined as never],
  ['gives garbage', async () => [{ priority: 'x', target: 5 } as never, null as never]],
])('a resolver that %s: no record', async (_name, resolveHttpsRecord) => {
  const { services, errors } = makeServices({ resolveHttpsRecord });
  await services.load(origin);
  expect([services.known(origin), errors]).toEqual([null, []]);
});

test('a resolver that never answers: load takes a second, its signal comes later', async () => {
  let signal: AbortSignal | undefined;
  const { services } = makeServices({
    resolveHttpsRecord: (_name, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    },
  });
  const loaded = services.load(origin);
  await vi.advanceTimersByTimeAsync(1_000);
  await loaded;
  expect([services.known(origin), signal?.aborted]).toEqual([null, false]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(signal?.aborted).toBe(true);
});
