import { describe, expect, it } from 'vitest';
import { openSides, type SidesOptions } from './opened-sides.js';
import { type Arrival, finishers, type RaceEntry, totals } from './race.js';
import type { SideCalls } from './side.js';

const MIB = 2 ** 20;
const STREAMS = 10;
/** Streams of one transfer may differ by this part. */
const UNFAIR = 0.2;
/** Bytes a second: slow enough for the link, and not a processor, to be what is shared. The queue holds all: nothing is lost. */
const SLOW: SidesOptions = { path: { rateBytesPerSecond: 4 * MIB, queueBytes: 64 * MIB } };

async function raced(from: SideCalls, to: SideCalls, entries: readonly RaceEntry[]): Promise<Arrival[]> {
  await to.serveStreams();
  await from.race(entries);
  const ended = async (): Promise<number> => finishers(await to.arrivals()).length;
  await expect.poll(ended, { timeout: 20_000, interval: 100 }).toBe(entries.length);
  return to.arrivals();
}

/** Bytes of each stream when all together had this part of everything. */
function sharesAt(arrivals: readonly Arrival[], part: number): number[] {
  const whole = arrivals.reduce((sum, { bytes }) => sum + bytes, 0);
  let sum = 0;
  const end = arrivals.findIndex(({ bytes }) => {
    sum += bytes;
    return sum >= whole * part;
  });
  return [...totals(arrivals.slice(0, end + 1)).values()];
}

/** Bytes of each stream when the first was complete. */
function sharesAtFirstEnd(arrivals: readonly Arrival[]): Map<number, number> {
  return totals(
    arrivals.slice(
      0,
      arrivals.findIndex(({ end }) => end),
    ),
  );
}

function expectFair(shares: readonly number[]): void {
  expect(Math.min(...shares)).toBeGreaterThanOrEqual((1 - UNFAIR) * Math.max(...shares));
}

describe.each([
  ['loopback', {}, 8 * MIB],
  ['a slow link', SLOW, 1.5 * MIB],
])('10 streams that write at once over %s', (_, options, length) => {
  it.each(['client', 'server'] as const)('get the same share, from the %s', { timeout: 60_000 }, async (from) => {
    const { client, server } = await openSides(options);
    const entries = Array.from({ length: STREAMS }, (_, name) => ({ name, length }));
    const [sender, receiver] = from === 'client' ? [client, server] : [server, client];
    const arrivals = await raced(sender, receiver, entries);
    for (const bytes of totals(arrivals).values()) expect(bytes).toBe(length);
    for (const part of [0.25, 0.5, 0.75]) {
      const shares = sharesAt(arrivals, part);
      expect(shares).toHaveLength(STREAMS);
      expectFair(shares);
    }
    expectFair([...sharesAtFirstEnd(arrivals).values()]);
  });
});

describe('send groups', () => {
  it('share evenly, however many streams each has', { timeout: 60_000 }, async () => {
    const { client, server } = await openSides(SLOW);
    const length = MIB;
    const arrivals = await raced(client, server, [
      { name: 0, group: 0, length },
      ...[1, 2, 3, 4].map((name) => ({ name, group: 1, length })),
    ]);
    expect(finishers(arrivals)[0]).toBe(0);
    const [alone = 0, ...others] = [...sharesAtFirstEnd(arrivals)]
      .sort(([one], [other]) => one - other)
      .map(([, bytes]) => bytes);
    expectFair(others);
    expectFair([alone, others.reduce((sum, bytes) => sum + bytes)]);
  });

  it('share evenly with what has none, and an order counts inside of its group only', { timeout: 60_000 }, async () => {
    const { client, server } = await openSides(SLOW);
    const length = MIB;
    const arrivals = await raced(client, server, [
      { name: 0, sendOrder: 5, length },
      { name: 1, group: 0, sendOrder: -100, length },
      { name: 2, group: 1, sendOrder: 2, length },
      { name: 3, group: 1, sendOrder: 1, length },
    ]);
    const shares = sharesAtFirstEnd(arrivals);
    expect(shares.get(3) ?? 0).toBe(0);
    expectFair([0, 1, 2].map((name) => shares.get(name) ?? 0));
    expect(finishers(arrivals).at(-1)).toBe(3);
  });
});
