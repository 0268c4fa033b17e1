import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/native.js';
import { patternDigest } from '../../support/pattern.js';
import { serveTransports } from '../client/support/opened.js';
import { openSides, type SidesOptions } from './opened-sides.js';
import type { Kind } from './side.js';

const MIB = 2 ** 20;
const AT_ONCE = 1000;
const BYTES = 1900;
const FIRST = 1000;
const IN_SEQUENCE = 4000;
/** What memory may grow by without being a leak of 4,000 streams: 6 KiB each. */
const LEFT_BEHIND = 24 * MIB;
const ROUNDS = 3;

const ROOMY: SidesOptions = {
  server: { webTransport: { maxBidirectionalStreams: 2 * AT_ONCE, maxUnidirectionalStreams: 2 * AT_ONCE } },
  transport: {
    anticipatedConcurrentIncomingBidirectionalStreams: 2 * AT_ONCE,
    anticipatedConcurrentIncomingUnidirectionalStreams: 2 * AT_ONCE,
  },
};

describe('1,000 streams at once', () => {
  const WHOLE = patternDigest(BYTES);

  it('of each kind in each direction arrive exactly, and are all open together', { timeout: 60_000 }, async () => {
    const { client, server, transport } = await openSides(ROOMY);
    const kinds: Kind[] = ['unidirectional', 'bidirectional'];
    for (const [sender, receiver] of [
      [client, server],
      [server, client],
    ] as const) {
      await receiver.serveStreams();
      for (const kind of kinds) await Promise.all(Array.from({ length: AT_ONCE }, () => sender.offer(kind, BYTES)));
    }
    for (const side of [client, server]) {
      await expect.poll(() => side.held(), { timeout: 20_000 }).toBe(kinds.length * AT_ONCE);
    }
    for (const side of [client, server]) {
      const digests = await side.readHeld();
      expect(digests).toHaveLength(kinds.length * AT_ONCE);
      for (const digest of digests) expect(digest).toEqual(WHOLE);
    }
    for (const side of [client, server]) {
      for (let index = 0; index < kinds.length * AT_ONCE; index += 1) await side.finished(index);
    }
    expect((await transport.getStats()).packetsSent).toBeGreaterThan(0);
  });

  it('that the server opens in one flight with its answer are all there', { timeout: 60_000 }, async () => {
    const outcomes: Promise<unknown>[] = [];
    const { open } = await serveTransports((request) => {
      const session = request.accept();
      session.closed.catch(() => undefined);
      for (let index = 0; index < AT_ONCE; index += 1) {
        outcomes.push(session.createUnidirectionalStream().then((stream) => stream.getWriter().close()));
      }
    });
    const reader = open().incomingUnidirectionalStreams.getReader();
    for (let index = 0; index < AT_ONCE; index += 1) {
      const { value } = await reader.read();
      expect(await value?.getReader().read()).toEqual({ done: true, value: undefined });
    }
    await Promise.all(outcomes);
  });

  it('come back exactly, from both sides at the same time', { timeout: 60_000 }, async () => {
    const { client, server } = await openSides(ROOMY);
    for (const side of [client, server]) await side.serveStreams();
    const exchanged = await Promise.all([client, server].map((side) => side.exchange(AT_ONCE, BYTES, false)));
    expect(exchanged).toEqual([AT_ONCE, AT_ONCE]);
  });
});

describe.each(['client', 'server'] as const)('5,000 streams of the %s, one after the other', (from) => {
  it('leave nothing behind at either end', { timeout: 120_000 }, async () => {
    const { client, server, child } = await openSides();
    const [sender, receiver] = from === 'client' ? [client, server] : [server, client];
    await receiver.serveStreams();
    expect(await sender.exchange(FIRST, BYTES, true)).toBe(FIRST);
    const nativeBefore = await Promise.all([loadAddon().counters(), child.call('nativeCounters')]);
    // A leak shows in every round, the fragments that a heap is left with in one or the other.
    let grown: number[] = [];
    for (let round = 0; round === 0 || (round < ROUNDS && Math.max(...grown) >= LEFT_BEHIND); round += 1) {
      const before = await Promise.all([client.resident(), server.resident()]);
      expect(await sender.exchange(IN_SEQUENCE, BYTES, true)).toBe(IN_SEQUENCE);
      const after = await Promise.all([client.resident(), server.resident()]);
      grown = after.map((bytes, index) => bytes - (before[index] ?? 0));
    }
    for (const bytes of grown) expect(bytes).toBeLessThan(LEFT_BEHIND);
    const nativeAfter = await Promise.all([loadAddon().counters(), child.call('nativeCounters')]);
    // Of what earlier tests have used, some may have been collected meanwhile.
    for (const [index, counters] of nativeAfter.entries()) {
      for (const [name, count] of Object.entries(counters)) {
        expect(count, name).toBeLessThanOrEqual(Object(nativeBefore[index])[name]);
      }
    }
  });
});
