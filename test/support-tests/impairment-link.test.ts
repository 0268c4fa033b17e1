import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Impairment } from '../support/impairment.js';
import { ImpairmentLink } from '../support/impairment-link.js';
import { PATIENTLY } from './patience.js';

const HEADER_BYTES = 28;

function numbered(number: number, length = 50): Buffer {
  const datagram = Buffer.alloc(length);
  datagram.writeUInt32BE(number);
  return datagram;
}

/** Sends `count` numbered datagrams at once and collects the numbers that come out. */
function run(impairment: Partial<Impairment>, count = 1000, seed = 1) {
  const out: number[] = [];
  const link = new ImpairmentLink<undefined>(seed, HEADER_BYTES, impairment, (_flow, datagram) => {
    out.push(datagram.readUInt32BE(0));
  });
  for (let number = 0; number < count; number += 1) {
    link.admit(undefined, number, numbered(number));
  }
  return { link, out };
}

const inOrder = (numbers: readonly number[]) =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1));

describe('ImpairmentLink', () => {
  test('without impairment everything passes at once and in order', () => {
    const { out, link } = run({});
    expect(out).toEqual(Array.from({ length: 1000 }, (_, number) => number));
    expect(link.counters).toMatchObject({ received: 1000, forwarded: 1000, forwardedBytes: 50_000, lost: 0 });
  });

  test('one seed always loses the same datagrams, another seed loses others', () => {
    const first = run({ loss: 0.1 });
    const again = run({ loss: 0.1 });
    const other = run({ loss: 0.1 }, 1000, 2);
    expect(again.out).toEqual(first.out);
    expect(other.out).not.toEqual(first.out);
    expect(first.link.counters.lost).toBe(1000 - first.out.length);
    expect(first.link.counters.lost).toBeGreaterThan(60);
    expect(first.link.counters.lost).toBeLessThan(140);
  });

  test('another impairment does not change which datagrams are lost', () => {
    const alone = run({ loss: 0.1 });
    const together = run({ loss: 0.1, corrupt: 0.5, duplicate: 0.5 });
    expect(together.link.counters.lost).toBe(alone.link.counters.lost);
    expect(together.link.counters.duplicated).toBeGreaterThan(300);
  });

  test('handshakeLoss concerns only the first datagrams', () => {
    const { out } = run({ handshakeLoss: 1, handshakeDatagrams: 7 }, 20);
    expect(out).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('dropDatagrams loses exactly those', () => {
    expect(run({ dropDatagrams: [0, 3] }, 6).out).toEqual([1, 2, 4, 5]);
  });

  test('duplicates follow their original', () => {
    const { out, link } = run({ duplicate: 1 }, 3);
    expect(out).toEqual([0, 0, 1, 1, 2, 2]);
    expect(link.counters).toMatchObject({ received: 3, forwarded: 6, duplicated: 3 });
  });

  test('corruption changes between one and four bits', () => {
    const flipped: number[] = [];
    const link = new ImpairmentLink<undefined>(3, HEADER_BYTES, { corrupt: 1 }, (_flow, datagram) => {
      flipped.push(datagram.reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0));
    });
    for (let number = 0; number < 200; number += 1) {
      link.admit(undefined, number, Buffer.alloc(100));
    }
    expect(new Set(flipped)).toEqual(new Set([1, 2, 3, 4]));
    expect(link.counters.corrupted).toBe(200);
  });

  test('datagrams above the MTU vanish, headers counted', () => {
    const sizes: number[] = [];
    const link = new ImpairmentLink<undefined>(1, HEADER_BYTES, { mtu: 1280 }, (_flow, datagram) => {
      sizes.push(datagram.length);
    });
    link.admit(undefined, 0, Buffer.alloc(1253));
    link.admit(undefined, 1, Buffer.alloc(1252));
    expect(sizes).toEqual([1252]);
    expect(link.counters.oversized).toBe(1);
  });

  test('a rate-limited link drops what its queue cannot hold, from the tail', async () => {
    // Each of the 50-byte datagrams takes 50 ms, and three fit.
    const { out, link } = run({ rateBytesPerSecond: 1000, queueBytes: 150 }, 30);
    expect(out).toEqual([]);
    await expect.poll(() => out.length + link.counters.queueDropped, PATIENTLY).toBe(30);
    expect(out.slice(0, 3)).toEqual([0, 1, 2]);
    expect(link.counters.queueDropped).toBeGreaterThan(0);
  });

  test('jitter delays without reordering; reorder holds single datagrams back', async () => {
    const jittered = run({ delayMs: 2, jitterMs: 20 }, 300);
    await expect.poll(() => jittered.out.length, PATIENTLY).toBe(300);
    expect(inOrder(jittered.out)).toBe(true);

    const reordered = run({ reorder: 0.1, reorderDelayMs: 5 }, 300);
    await expect.poll(() => reordered.out.length, PATIENTLY).toBe(300);
    expect(inOrder(reordered.out)).toBe(false);
    expect(reordered.link.counters.reordered).toBeGreaterThan(10);
    expect(reordered.out.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });

  test('a shorter delay does not let later datagrams overtake', async () => {
    const out: number[] = [];
    const link = new ImpairmentLink<undefined>(1, HEADER_BYTES, { delayMs: 30 }, (_flow, datagram) => {
      out.push(datagram.readUInt32BE(0));
    });
    link.admit(undefined, 0, numbered(0));
    link.set({ delayMs: 0 });
    link.admit(undefined, 1, numbered(1));
    expect(out).toEqual([]);
    await expect.poll(() => out, PATIENTLY).toEqual([0, 1]);
  });

  test('a blackhole takes everything, and closing forgets what is on its way', async () => {
    const { out, link } = run({ delayMs: 5 }, 3);
    link.close();
    link.setBlackhole(true);
    link.admit(undefined, 3, numbered(3));
    await sleep(20);
    expect(out).toEqual([]);
    expect(link.counters.blackholed).toBe(1);
  });
});
