import { expect, test } from 'vitest';
import { Http3State, NativeResult } from '../../../src/native.js';
import { connectedPair, openPair, type Seen } from './raw-pair.js';

const SERVER_SETTINGS = [0x33, 1, 0x2c7cf000, 1, 0x14e9cd29, 2 ** 53 - 1];
const LARGEST = 2 ** 53 - 1;

/** `id value id value …` → pairs. */
function parsed(text: string): ReadonlyMap<number, number> {
  const numbers = text.split(' ').map(Number);
  return new Map(numbers.flatMap((id, index) => (index % 2 === 0 ? [[id, numbers[index + 1] ?? Number.NaN]] : [])));
}

test('each side is told what the other one sends, and neqo sends nothing of WebTransport by itself', async () => {
  const pair = await connectedPair(
    { settings: [0x2b603742, 1] },
    { settings: SERVER_SETTINGS, maxFieldSectionSize: 9_999 },
  );
  const [ofServer, ...more] = pair.client.of('SETTINGS');
  expect(more).toEqual([]);
  const server = parsed(ofServer?.text ?? '');
  expect([...server.keys()].sort((a, b) => a - b)).toEqual([0x1, 0x6, 0x7, 0x33, 0x14e9cd29, 0x2c7cf000]);
  expect([server.get(0x33), server.get(0x14e9cd29), server.get(0x6)]).toEqual([1, LARGEST, 9_999]);
  expect(pair.server.of('SETTINGS')).toHaveLength(1);
  const client = parsed(pair.server.of('SETTINGS')[0]?.text ?? '');
  expect([...client.keys()].sort((a, b) => a - b)).toEqual([0x1, 0x7, 0x2b603742]);
});

test('a connection without WebTransport tells nothing of settings, and sends what it always did', async () => {
  const off = { webtransport: false, settings: [], datagramSize: 0, resetStreamAt: false };
  const pair = await connectedPair(off, { settings: [0x33, 1] });
  expect(pair.client.of('SETTINGS')).toEqual([]);
  const client = parsed(pair.server.of('SETTINGS')[0]?.text ?? '');
  expect([...client.entries()]).toEqual([
    [0x1, 4096],
    [0x7, 16],
    [0x2b603742, 0],
  ]);
  expect(pair.client.open(0, true)).toBe(NativeResult.UNAVAILABLE);
});

test('not more than 64 settings are kept', async () => {
  const many = Array.from({ length: 100 }, (_, index) => [0x4000 + index, index]).flat();
  const pair = await connectedPair({}, { settings: many });
  expect(parsed(pair.client.of('SETTINGS')[0]?.text ?? '').size).toBe(64);
  expect(pair.client.of('STATE_CHANGE').at(-1)).toMatchObject({ flags: Http3State.CONNECTED });
});

test.each([
  ['a setting of HTTP/2', [0x2, 1]],
  ['a setting of neqo', [0x6, 1]],
  ['a setting twice', [0x33, 1, 0x33, 1]],
])('%s is refused', (_, settings) => {
  expect(() => openPair({ settings })).toThrow('settings');
  expect(() => openPair({}, { settings })).toThrow('settings');
});

test('settings without WebTransport are refused', () => {
  expect(() => openPair({ webtransport: false, settings: [0x33, 1] })).toThrow('settings are for webtransport');
});

test.each([
  ['no array', 5],
  ['a number that is none', [1.5, 1]],
  ['a negative number', [0x33, -1]],
  ['undefined', undefined],
])('settings: %s', (_, settings) => {
  expect(() => openPair({ settings } as never)).toThrow(TypeError);
});

test('a peer is refused whose settings are impossible', async () => {
  // ENABLE_WEBTRANSPORT is a flag (draft-ietf-webtrans-http3-02 3.1).
  const pair = openPair({ settings: [0x2b603742, 2] });
  const closing = (): Seen | undefined =>
    pair.server.of('STATE_CHANGE').find(({ flags }) => flags >= Http3State.CLOSING);
  await pair.until(() => closing() !== undefined);
  // H3_SETTINGS_ERROR
  expect(closing()).toMatchObject({ number: 0x109 });
});
