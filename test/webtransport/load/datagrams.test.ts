import { describe, expect, it } from 'vitest';
import type { WebTransportDatagramStats } from '../../../src/webtransport.js';
import { openSides, type Sides } from './opened-sides.js';
import type { SideCalls } from './side.js';

const MIB = 2 ** 20;
const COUNT = 50_000;
/** 300 MB in all. */
const UNREAD = 300_000;
const BYTES = 1000;
/** By so much may the memory of either side grow, with what is garbage: far less than what was sent. */
const GROWTH = 96 * MIB;
const SETTLED = { timeout: 20_000, interval: 100 };

type Direction = 'client' | 'server';

function sidesOf({ client, server }: Sides, from: Direction): [sender: SideCalls, receiver: SideCalls] {
  return from === 'client' ? [client, server] : [server, client];
}

interface Accounts {
  readonly sender: WebTransportDatagramStats;
  readonly receiver: WebTransportDatagramStats;
  readonly read: number;
}

async function accounts(sender: SideCalls, receiver: SideCalls): Promise<Accounts> {
  const [left, right, read] = [
    await sender.datagramStats(),
    await receiver.datagramStats(),
    await receiver.datagramsRead(),
  ];
  return { sender: left, receiver: right, read };
}

/** What became of the datagrams that were written. */
function accountedFor({ sender, receiver, read }: Accounts): number {
  const { expiredOutgoing = 0, lostOutgoing = 0 } = sender;
  const { droppedIncoming = 0, expiredIncoming = 0 } = receiver;
  return expiredOutgoing + lostOutgoing + droppedIncoming + expiredIncoming + read;
}

describe.each(['client', 'server'] as const)('50,000 datagrams at full speed from the %s', (from) => {
  it('never block, and each is read, dropped or lost', { timeout: 60_000 }, async () => {
    const sides = await openSides();
    const [sender, receiver] = sidesOf(sides, from);
    await receiver.readDatagrams();
    const { written, turns } = await sender.sendDatagrams(COUNT, BYTES);
    expect(written).toBe(COUNT);
    // A session gives neqo 256 datagrams in a turn.
    expect(turns).toBeGreaterThan(COUNT / 1024);
    await expect.poll(async () => accountedFor(await accounts(sender, receiver)), SETTLED).toBe(COUNT);
    expect((await accounts(sender, receiver)).read).toBeGreaterThan(0);
  });

  it('that nobody reads are held up to the limit; the rest is dropped, the oldest first', {
    timeout: 60_000,
  }, async () => {
    const sides = await openSides();
    const [sender, receiver] = sidesOf(sides, from);
    const limit = 100;
    await receiver.setDatagramLimits({ incomingMaxBufferedDatagrams: limit });
    for (const side of [sender, receiver]) await side.watchMemory();
    expect((await sender.sendDatagrams(UNREAD, BYTES)).written).toBe(UNREAD);
    const unread = async (): Promise<number> => accountedFor(await accounts(sender, receiver));
    await expect.poll(unread, SETTLED).toBe(UNREAD - limit);
    for (const side of [sender, receiver]) expect(await side.growth()).toBeLessThan(GROWTH);
    await receiver.readDatagrams();
    await expect.poll(() => receiver.datagramsRead(), SETTLED).toBe(limit);
    expect(await unread()).toBe(UNREAD);
  });

  it('expire at both ends, and get lost, over a path that is too slow for them', { timeout: 60_000 }, async () => {
    const count = 5000;
    const sides = await openSides({ path: { rateBytesPerSecond: 2 * MIB, queueBytes: 64 * 1024, delayMs: 5 } });
    const [sender, receiver] = sidesOf(sides, from);
    await sender.setDatagramLimits({ outgoingMaxAge: 20 });
    await receiver.setDatagramLimits({ incomingMaxAge: 50 });
    expect((await sender.sendDatagrams(count, BYTES)).written).toBe(count);
    // What is held is found to be too old when somebody reads, or when another one comes.
    const readAll = async (): Promise<number> => {
      await receiver.readDatagrams();
      return accountedFor(await accounts(sender, receiver));
    };
    await expect
      .poll(async () => (await accounts(sender, receiver)).sender.expiredOutgoing, SETTLED)
      .toBeGreaterThan(0);
    await expect
      .poll(async () => (await accounts(sender, receiver)).receiver.expiredIncoming, SETTLED)
      .toBeGreaterThan(0);
    await expect.poll(readAll, SETTLED).toBe(count);
  });
});
