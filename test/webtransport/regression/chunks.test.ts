import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WebTransport } from '../../../src/webtransport.js';
import { bytesOf, failureOf, serveTransports } from '../client/support/opened.js';

/** Larger than what a stream may carry unread, and than what is taken in one turn. */
const LARGE = 4 * 1024 * 1024;

/** A session, and the one that the server has for it. */
async function openPair(): Promise<{ readonly client: WebTransport; readonly server: WebTransport }> {
  const accepted: WebTransport[] = [];
  const { open } = await serveTransports((request) => {
    const session = request.accept();
    session.closed.catch(() => undefined);
    accepted.push(session);
  });
  const client = open();
  await client.ready;
  const [server] = accepted;
  if (server === undefined) throw new Error('the server has no session');
  return { client, server };
}

/** What arrives of one chunk on a stream of its own. */
async function sent(client: WebTransport, server: WebTransport, chunk: ArrayBufferView): Promise<Buffer> {
  const stream = await client.createUnidirectionalStream();
  const writer = stream.getWriter();
  const written = Promise.all([writer.write(chunk), writer.close()]);
  const reader = server.incomingUnidirectionalStreams.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const bytes = await bytesOf(value);
  await written;
  return bytes;
}

/** Says that it is longer than it is, as any subclass may. */
class Boastful extends Uint8Array {
  override get byteLength(): number {
    return 100_000;
  }
}

test('a chunk whose members lie about its memory is sent as it is, and the connection stays', async () => {
  const { client, server } = await openPair();
  expect(await sent(client, server, new Boastful([1, 2]))).toEqual(Buffer.of(1, 2));
  const own = Object.defineProperty(new Uint8Array([3]), 'byteLength', { value: -1 });
  expect(await sent(client, server, own)).toEqual(Buffer.of(3));
  expect(await sent(client, server, new DataView(Uint8Array.of(4, 5, 6).buffer, 1, 1))).toEqual(Buffer.of(5));
});

test('what only looks like a Uint8Array is a TypeError of its stream', async () => {
  const { client, server } = await openPair();
  const behind = new Proxy(new Uint8Array(4), { get: (target, key) => Reflect.get(target, key, target) });
  const fake = Object.create(Uint8Array.prototype, { buffer: { value: new ArrayBuffer(1) }, byteLength: { value: 9 } });
  for (const chunk of [behind, fake]) {
    const writer = (await client.createUnidirectionalStream()).getWriter();
    writer.closed.catch(() => undefined);
    expect(await failureOf(writer.write(chunk))).toMatchObject({ name: 'TypeError' });
  }
  const reader = server.incomingUnidirectionalStreams.getReader();
  await reader.read();
  await reader.read();
  reader.releaseLock();
  expect(await sent(client, server, Uint8Array.of(1))).toEqual(Buffer.of(1));
});

test('a Buffer that is written as a datagram may be used again at once', async () => {
  const { client, server } = await openPair();
  const writer = client.datagrams.createWritable().getWriter();
  const datagram = Buffer.from('first');
  await writer.write(datagram);
  datagram.fill('x');
  const { value } = await server.datagrams.readable.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe('first');
});

test('a chunk that is transferred while it is sent does not end as a shorter one', async () => {
  const { client, server } = await openPair();
  const writer = (await client.createUnidirectionalStream()).getWriter();
  writer.closed.catch(() => undefined);
  const chunk = new Uint8Array(LARGE);
  const written = failureOf(writer.write(chunk));
  const reader = server.incomingUnidirectionalStreams.getReader();
  const { value } = await reader.read();
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  await nextTurn();
  const read = failureOf(bytesOf(value));
  expect(await written).toMatchObject({ name: 'TypeError' });
  expect(await read).toMatchObject({ name: 'WebTransportError', source: 'stream' });
});

test.each([2 ** 60, -(2 ** 62)])('a sendOrder of %s concerns the order only', async (sendOrder) => {
  const { client, server } = await openPair();
  const stream = await client.createUnidirectionalStream({ sendOrder });
  expect(stream.sendOrder).toBe(sendOrder);
  stream.sendOrder = -sendOrder;
  await stream.close();
  const reader = server.incomingUnidirectionalStreams.getReader();
  await reader.read();
  reader.releaseLock();
  expect(await sent(client, server, Uint8Array.of(7))).toEqual(Buffer.of(7));
});

test('an end inside an element of a larger view is an error of that stream only', async () => {
  const { client, server } = await openPair();
  const stream = await client.createUnidirectionalStream();
  const writer = stream.getWriter();
  const written = Promise.all([writer.write(Uint8Array.of(1)), writer.close()]);
  const incoming = server.incomingUnidirectionalStreams.getReader();
  const { value } = await incoming.read();
  incoming.releaseLock();
  const reader = value?.getReader({ mode: 'byob' });
  reader?.closed.catch(() => undefined);
  expect(await failureOf(Promise.resolve(reader?.read(new Uint16Array(4))))).toMatchObject({ name: 'TypeError' });
  await written;
  expect(await sent(client, server, Uint8Array.of(8))).toEqual(Buffer.of(8));
});

test('a close with half an element of a view read does not throw', async () => {
  const { client, server } = await openPair();
  const reader = server.datagrams.readable.getReader({ mode: 'byob' });
  reader.closed.catch(() => undefined);
  const read = failureOf(reader.read(new Uint16Array(4)));
  await client.datagrams.createWritable().getWriter().write(Uint8Array.of(1));
  // It comes in order: by the time that the stream is there, so is the datagram.
  await sent(client, server, Uint8Array.of(9));
  server.close({ closeCode: 3, reason: 'enough' });
  expect(await server.closed).toEqual({ closeCode: 3, reason: 'enough' });
  expect(await read).toMatchObject({ name: 'TypeError' });
});
