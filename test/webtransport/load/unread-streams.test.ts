import { describe, expect, it } from 'vitest';
import { patternDigest } from '../../support/pattern.js';
import { openSides, standsStill } from './opened-sides.js';
import type { Kind } from './side.js';

const MIB = 2 ** 20;
const BODY = 256 * MIB;
const WHOLE = patternDigest(BODY);
/** By so much may the memory of either side grow for a stream that waits: twice the largest flow-control window, and more. */
const GROWTH = 32 * MIB;
/** What a sender may have got rid of: its window, and what neqo buffers beyond. */
const TAKEN = 16 * MIB;
const STREAMS_MEANWHILE = 40;
const STREAM_BYTES = 100_000;
const DATAGRAMS_MEANWHILE = 100;

const KINDS: Kind[] = ['unidirectional', 'bidirectional'];

describe.each(['client', 'server'] as const)('256 MiB from the %s', (from) => {
  it.each(KINDS)(
    'wait for who does not read their %s stream, and hinder nothing else',
    { timeout: 60_000 },
    async (kind) => {
      const sides = await openSides();
      const [sender, receiver] = from === 'client' ? [sides.client, sides.server] : [sides.server, sides.client];
      for (const side of [sender, receiver]) await side.serveStreams();
      await receiver.echoDatagrams();
      // What comes with the first of everything is not the stream's.
      await sender.exchange(STREAMS_MEANWHILE, STREAM_BYTES, false);
      for (const side of [sender, receiver]) await side.watchMemory();

      const offer = await sender.offer(kind, BODY);
      expect(await standsStill(async () => (await sender.progress(offer)).written)).toBeLessThan(TAKEN);
      const { desiredSize, ready } = await sender.progress(offer);
      expect(desiredSize).toBeLessThanOrEqual(0);
      expect(ready).toBe(false);
      expect(await sender.exchange(STREAMS_MEANWHILE, STREAM_BYTES, false)).toBe(STREAMS_MEANWHILE);
      expect(await receiver.exchange(STREAMS_MEANWHILE, STREAM_BYTES, false)).toBe(STREAMS_MEANWHILE);
      await sender.pingDatagrams(DATAGRAMS_MEANWHILE);
      for (const side of [sender, receiver]) expect(await side.growth()).toBeLessThan(GROWTH);

      expect(await receiver.readHeld()).toEqual([WHOLE]);
      await sender.finished(offer);
    },
  );

  it.each(KINDS)('wait for who does not take their %s stream', { timeout: 60_000 }, async (kind) => {
    const sides = await openSides();
    const [sender, receiver] = from === 'client' ? [sides.client, sides.server] : [sides.server, sides.client];
    for (const side of [sender, receiver]) await side.watchMemory();

    const offer = await sender.offer(kind, BODY);
    expect(await standsStill(async () => (await sender.progress(offer)).written)).toBeLessThan(TAKEN);
    for (const side of [sender, receiver]) expect(await side.growth()).toBeLessThan(GROWTH);

    await receiver.serveStreams();
    await expect.poll(() => receiver.held()).toBe(1);
    expect(await receiver.readHeld()).toEqual([WHOLE]);
    await sender.finished(offer);
  });
});

describe('streams that nobody takes', () => {
  /** The server's default of `maxUnidirectionalStreams`. */
  const LIMIT = 256;

  it('use up the limit: more are refused, or wait for it', async () => {
    const { transport, server } = await openSides();
    const open = (waitUntilAvailable: boolean) => transport.createUnidirectionalStream({ waitUntilAvailable });
    for (let count = 0; count < LIMIT; count += 1) await (await open(false)).getWriter().write(Uint8Array.of(1));
    await expect(open(false)).rejects.toMatchObject({ name: 'QuotaExceededError' });
    let opened = 0;
    const more = Array.from({ length: LIMIT }, async () => {
      const writer = (await open(true)).getWriter();
      opened += 1;
      await writer.close();
    });
    expect(await server.held()).toBe(0);
    expect(opened).toBe(0);
    transport.close();
    const outcomes = await Promise.allSettled(more);
    expect(opened).toBe(0);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'InvalidStateError' } });
    }
  });
});
