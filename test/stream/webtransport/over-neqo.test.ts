import { expect, it } from 'vitest';
import type { WebTransportServerSession } from '../../../src/server/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { bytesOf, failureOf, serveTransports } from '../../webtransport/client/support/opened.js';

/** A server that hands each session to a function of the test's. */
const served = (use: (session: WebTransportServerSession) => Promise<void>) =>
  serveTransports((request) => {
    const session = request.accept();
    session.closed.catch(() => undefined);
    use(session).catch(() => undefined);
  });

it('streams that write at once have equal shares', async () => {
  const STREAMS = 10;
  const MEASURED = 64 * 2 ** 20;
  const received = new Array<number>(STREAMS).fill(0);
  let total = 0;
  const { open } = await served(async (session) => {
    for await (const stream of session.incomingUnidirectionalStreams) {
      const count = async (): Promise<void> => {
        let index: number | undefined;
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          index ??= chunk[0] ?? 0;
          if (total < MEASURED) received[index] = (received[index] ?? 0) + chunk.byteLength;
          total += chunk.byteLength;
        }
      };
      count().catch(() => undefined);
    }
  });
  const transport = open();
  await transport.ready;
  const writers = await Promise.all(
    Array.from({ length: STREAMS }, async () => (await transport.createUnidirectionalStream()).getWriter()),
  );
  const write = async (index: number): Promise<void> => {
    // One of them writes much at a time: that must not give it more.
    const chunk = new Uint8Array(index === 0 ? 8 * 2 ** 20 : 65_536).fill(index);
    while (total < MEASURED) await writers[index]?.write(chunk);
  };
  const writing = writers.map((_, index) => write(index).catch(() => undefined));
  await waitUntil('the streams to be measured', () => total >= MEASURED);
  for (const writer of writers) writer.abort().catch(() => undefined);
  await Promise.all(writing);
  const mean = received.reduce((sum, bytes) => sum + bytes, 0) / STREAMS;
  expect(Math.min(...received)).toBeGreaterThan(0.8 * mean);
  expect(Math.max(...received)).toBeLessThan(1.2 * mean);
}, 60_000);

it('what is not read stops its own stream, and no other', async () => {
  let head = 0;
  const { open } = await served(async (session) => {
    for await (const { readable, writable } of session.incomingBidirectionalStreams) {
      const reader = readable.getReader();
      const { value } = await reader.read();
      reader.releaseLock();
      const first = value as Uint8Array;
      if (first[0] !== 1) continue;
      head = first.byteLength;
      readable.pipeTo(writable).catch(() => undefined);
    }
  });
  const transport = open();
  const [unread, read] = [await transport.createBidirectionalStream(), await transport.createBidirectionalStream()];
  const writer = unread.writable.getWriter();
  let taken = 0;
  const flood = async (): Promise<void> => {
    for (;;) {
      await writer.write(new Uint8Array(65_536));
      taken += 65_536;
    }
  };
  const flooding = flood().catch(() => undefined);
  const other = read.writable.getWriter();
  const back = bytesOf(read.readable);
  await other.write(Uint8Array.of(1));
  await other.write(new Uint8Array(3_000_000));
  await other.close();
  expect((await back).byteLength + head).toBe(3_000_001);
  // The windows of the stream, at both ends; not the 16 MiB that the writer would have got through otherwise.
  expect(taken).toBeLessThan(16 * 2 ** 20);
  await writer.abort();
  await flooding;
});

it('an atomic write that does not fit sends nothing, and the stream goes on', async () => {
  const received: Buffer[] = [];
  const { open } = await served(async (session) => {
    for await (const stream of session.incomingUnidirectionalStreams) received.push(await bytesOf(stream));
  });
  const transport = open();
  const writer = (await transport.createUnidirectionalStream()).getWriter();
  await writer.write(Uint8Array.of(1));
  // More than the session's window, and than any of QUIC's.
  expect(await failureOf(writer.atomicWrite(new Uint8Array(512 * 2 ** 20)))).toMatchObject({ name: 'AbortError' });
  await writer.atomicWrite(Uint8Array.of(2, 3));
  await writer.close();
  await waitUntil('the stream to arrive', () => received.length === 1);
  expect(received).toEqual([Buffer.of(1, 2, 3)]);
});

it('what is committed arrives although the stream is aborted', async () => {
  const LENGTH = 200_000;
  let received = 0;
  let failed = false;
  const { open } = await served(async (session) => {
    for await (const stream of session.incomingUnidirectionalStreams) {
      try {
        for await (const chunk of stream as AsyncIterable<Uint8Array>) received += chunk.byteLength;
      } catch {
        failed = true;
      }
    }
  });
  const transport = open();
  const writer = (await transport.createUnidirectionalStream()).getWriter();
  await writer.write(new Uint8Array(LENGTH));
  writer.commit();
  await writer.abort();
  await waitUntil('the reset', () => failed);
  expect(received).toBe(LENGTH);
});
