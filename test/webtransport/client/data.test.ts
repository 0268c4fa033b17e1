import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WebTransportServerSession } from '../../../src/server/index.js';
import { WebTransportError } from '../../../src/webtransport.js';
import { waitUntil } from '../../support/wait-until.js';
import { bytesOf, serveTransports } from './support/opened.js';

/** Bidirectional streams and datagrams come back; unidirectional ones on new streams. */
function echo(session: WebTransportServerSession): void {
  const ignored = () => undefined;
  const returnStreams = async (): Promise<void> => {
    for await (const { readable, writable } of session.incomingBidirectionalStreams) {
      readable.pipeTo(writable).catch(ignored);
    }
  };
  const answerStreams = async (): Promise<void> => {
    for await (const readable of session.incomingUnidirectionalStreams) {
      session
        .createUnidirectionalStream({ waitUntilAvailable: true })
        .then((writable) => readable.pipeTo(writable))
        .catch(ignored);
    }
  };
  session.closed.catch(ignored);
  returnStreams().catch(ignored);
  answerStreams().catch(ignored);
  session.datagrams.readable.pipeTo(session.datagrams.createWritable()).catch(ignored);
}

const echoed = () => serveTransports((request) => echo(request.accept()));

describe('streams', () => {
  it.each([0, 1, 65_536, 5_000_000])('of %i bytes come back, bidirectional and unidirectional', async (length) => {
    const { open } = await echoed();
    const transport = open();
    const bytes = randomBytes(length);
    const { readable, writable } = await transport.createBidirectionalStream();
    const received = bytesOf(readable);
    const writer = writable.getWriter();
    if (length > 0) await writer.write(bytes);
    await writer.close();
    expect((await received).equals(bytes)).toBe(true);

    const sender = (await transport.createUnidirectionalStream()).getWriter();
    // Not awaited: what comes back has to be read, or it stops what goes out.
    const sent = (length > 0 ? sender.write(bytes) : Promise.resolve()).then(() => sender.close());
    const { value: incoming } = await transport.incomingUnidirectionalStreams.getReader().read();
    expect((await bytesOf(incoming)).equals(bytes)).toBe(true);
    await sent;
  });

  it('1,000 at once of each kind', async () => {
    const { open } = await echoed();
    const transport = open();
    await transport.ready;
    const options = { waitUntilAvailable: true };
    const both = Array.from({ length: 1000 }, async (_, index) => {
      const { readable, writable } = await transport.createBidirectionalStream(options);
      const writer = writable.getWriter();
      await writer.write(Buffer.from(`bidirectional ${index}`));
      await writer.close();
      return (await bytesOf(readable)).toString();
    });
    const one = Array.from({ length: 1000 }, async (_, index) => {
      const writer = (await transport.createUnidirectionalStream(options)).getWriter();
      await writer.write(Buffer.from(`unidirectional ${index}`));
      await writer.close();
    });
    const returned: Promise<string>[] = [];
    const reader = transport.incomingUnidirectionalStreams.getReader();
    while (returned.length < 1000) {
      const { value } = await reader.read();
      if (value === undefined) break;
      returned.push(bytesOf(value).then(String));
    }
    await Promise.all(one);
    expect(await Promise.all(both)).toEqual(both.map((_, index) => `bidirectional ${index}`));
    expect((await Promise.all(returned)).sort()).toEqual(one.map((_, index) => `unidirectional ${index}`).sort());
  });

  it('end with the codes of reset and stop, both ways', async () => {
    const codes: unknown[] = [];
    const { open } = await serveTransports(async (request) => {
      const session = request.accept();
      const { value } = await session.incomingBidirectionalStreams.getReader().read();
      value?.writable.getWriter().closed.catch((error: unknown) => codes.push(error));
      value?.readable.getReader().closed.catch((error: unknown) => codes.push(error));
    });
    const transport = open();
    const { readable, writable } = await transport.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(Buffer.from('x'));
    await writer.abort(new WebTransportError('no', { streamErrorCode: 4_294_967_295 }));
    await readable.cancel(new WebTransportError('no', { streamErrorCode: 30 }));
    await waitUntil('both codes', () => codes.length === 2);
    expect(new Set((codes as WebTransportError[]).map(({ streamErrorCode }) => streamErrorCode))).toEqual(
      new Set([4_294_967_295, 30]),
    );
  });

  it('that the server opens before its answer are there when the session is ready', async () => {
    const { open } = await serveTransports(async (request) => {
      const session = request.accept();
      const writer = (await session.createUnidirectionalStream()).getWriter();
      await writer.write(Buffer.from('early'));
      // The session may end before the client has acknowledged it.
      await writer.close().catch(() => undefined);
    });
    const { value } = await open().incomingUnidirectionalStreams.getReader().read();
    expect((await bytesOf(value)).toString()).toBe('early');
  });
});

describe('datagrams', () => {
  it('come back', async () => {
    const { open } = await echoed();
    const transport = open();
    await transport.ready;
    const writer = transport.datagrams.createWritable().getWriter();
    const reader = transport.datagrams.readable.getReader();
    for (const length of [1, 100, transport.datagrams.maxDatagramSize]) {
      const bytes = randomBytes(length);
      await writer.write(bytes);
      const { value } = await reader.read();
      expect(Buffer.from(value ?? []).equals(bytes)).toBe(true);
    }
  });

  it('may be sent before the session is ready', async () => {
    const { open } = await echoed();
    const transport = open();
    const writer = transport.datagrams.createWritable().getWriter();
    await writer.write(Buffer.from('early'));
    const { value } = await transport.datagrams.readable.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe('early');
  });
});

describe('a connection', () => {
  it('stays open for a session in which nothing happens', async () => {
    const { open } = await echoed();
    const idleTimeout = 300;
    const transport = open('/', { connection: { idleTimeout } });
    await transport.ready;
    await sleep(5 * idleTimeout);
    const { readable, writable } = await transport.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(Buffer.from('awake'));
    await writer.close();
    expect((await bytesOf(readable)).toString()).toBe('awake');
  });

  it('has statistics, before and after the session’s end', async () => {
    const { open } = await echoed();
    const transport = open();
    const before = await transport.getStats();
    expect(before.smoothedRtt).toBeGreaterThan(0);
    expect(before.packetsSent).toBeGreaterThan(0);
    transport.close();
    expect((await transport.getStats()).packetsSent).toBeGreaterThan(0);
  });

  it('gives both ends the same keys', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open } = await serveTransports((request) => sessions.push(request.accept()));
    const transport = open();
    await transport.ready;
    const [label, context] = [Buffer.from('label'), Buffer.from('context')];
    const keys = await transport.exportKeyingMaterial(label, context, 64);
    expect(keys).toHaveLength(64);
    expect(await sessions[0]?.exportKeyingMaterial(label, context, 64)).toEqual(keys);
    expect(await transport.exportKeyingMaterial(label, Buffer.from('another'), 64)).not.toEqual(keys);
  });
});
