import { describe, expect, it } from 'vitest';
import { openSides, type SidesOptions } from './opened-sides.js';
import { type Arrival, during, finishers, type RaceEntry, totals } from './race.js';
import type { SideCalls } from './side.js';

const MIB = 2 ** 20;
/** Less than the smallest flow-control window: what that holds back gives way to the next stream, whatever its order. */
const LENGTH = 900 * 1024;
/** Bytes a second; what a sender has beyond that waits with it. The queue holds all, so that nothing is lost and comes again. */
const SLOW: SidesOptions = { path: { rateBytesPerSecond: 2 * MIB, queueBytes: 64 * MIB } };
async function ended(side: SideCalls, count: number): Promise<Arrival[]> {
  await expect.poll(async () => finishers(await side.arrivals()).length, { timeout: 20_000, interval: 50 }).toBe(count);
  return side.arrivals();
}

async function arrived(side: SideCalls, name: number, bytes: number): Promise<void> {
  const sum = async (): Promise<number> => totals(await side.arrivals()).get(name) ?? 0;
  await expect.poll(sum, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(bytes);
}

/** Nothing of a lower order came between the first byte of a stream and its last. */
function expectStrict(arrivals: readonly Arrival[], entries: readonly RaceEntry[]): void {
  const orders = new Map(entries.map(({ name, sendOrder = 0 }) => [name, sendOrder]));
  for (const { name, sendOrder = 0 } of entries) {
    const others = during(arrivals, name).filter((arrival) => arrival.bytes > 0 && arrival.name !== name);
    const lower = others.filter((arrival) => (orders.get(arrival.name) ?? 0) < sendOrder);
    expect(totals(lower)).toEqual(new Map());
  }
}

describe.each(['client', 'server'] as const)('streams with a sendOrder, of the %s', (from) => {
  async function open(): Promise<[sender: SideCalls, receiver: SideCalls]> {
    const { client, server } = await openSides(SLOW);
    const sides: [SideCalls, SideCalls] = from === 'client' ? [client, server] : [server, client];
    await sides[1].serveStreams();
    return sides;
  }

  it('are sent one after the other, the highest first, however they were opened', { timeout: 60_000 }, async () => {
    const [sender, receiver] = await open();
    const entries = [3, -5, 0, 9, 2 ** 40].map((sendOrder, name) => ({ name, sendOrder, length: LENGTH / 2 }));
    await sender.race(entries);
    const arrivals = await ended(receiver, entries.length);
    expect(finishers(arrivals)).toEqual([4, 3, 0, 2, 1]);
    expectStrict(arrivals, entries);
    for (const bytes of totals(arrivals).values()) expect(bytes).toBe(LENGTH / 2);
  });

  it('stand still when one of a higher order comes in', { timeout: 60_000 }, async () => {
    const [sender, receiver] = await open();
    const low = { name: 0, sendOrder: 0, length: LENGTH };
    const high = { name: 1, sendOrder: 1, length: LENGTH };
    await sender.race([low]);
    await arrived(receiver, low.name, LENGTH / 8);
    await sender.race([high]);
    const arrivals = await ended(receiver, 2);
    expect(finishers(arrivals)).toEqual([high.name, low.name]);
    expectStrict(arrivals, [low, high]);
    expect(totals(arrivals).get(low.name)).toBe(low.length);
  });

  it('change places when their order is changed in mid-transfer', { timeout: 60_000 }, async () => {
    const [sender, receiver] = await open();
    const length = LENGTH;
    await sender.race([
      { name: 0, sendOrder: 1, length },
      { name: 1, sendOrder: 0, length },
    ]);
    await arrived(receiver, 0, length / 8);
    await sender.changeOrder(1, 2);
    const arrivals = await ended(receiver, 2);
    expect(finishers(arrivals)).toEqual([1, 0]);
    // From its first byte on the second one has the link to itself.
    expect(totals(during(arrivals, 1))).toEqual(new Map([[1, length]]));
  });
});
