import { expect, test } from 'vitest';
import { NativeResult } from '../../../src/native.js';
import { connectedPair, type Pair } from './raw-pair.js';

const OK_HEAD = ':status\x00200\x00';

function connect(pair: Pair): number {
  const headers = [':protocol', 'webtransport-h3', 'origin', 'https://localhost'];
  const stream = pair.conn.fetch('CONNECT', 'https', 'localhost', '/wt', headers, 3, false);
  expect(stream).toBeGreaterThanOrEqual(0);
  pair.settle();
  return stream;
}

test('an extended CONNECT is a request, and its stream goes both ways', async () => {
  const pair = await connectedPair();
  const { client, server, engine } = pair;
  const stream = connect(pair);
  const [request] = server.of('REQUEST', stream);
  expect(request?.headers).toEqual(
    expect.arrayContaining([':method', 'CONNECT', ':path', '/wt', ':protocol', 'webtransport-h3']),
  );
  // The client need not wait for the answer.
  expect(client.send(stream, 'capsule 1', false)).toBe(9);
  expect(engine.respond(pair.handle(), stream, OK_HEAD, undefined, 0, 0, false)).toBe(0);
  expect(server.send(stream, 'capsule 2', false)).toBe(9);
  pair.settle();
  expect(server.read(stream)).toMatchObject({ text: 'capsule 1', fin: false });
  const kinds = client.seen.filter(({ streamId }) => streamId === stream).map(({ kind }) => kind);
  expect(kinds.indexOf('HEADER_READY')).toBeLessThan(kinds.indexOf('DATA_READABLE'));
  expect(client.of('HEADER_READY', stream)[0]?.headers).toEqual([':status', '200']);
  expect(client.read(stream)).toMatchObject({ text: 'capsule 2', fin: false });

  expect(server.send(stream, 'last', true)).toBe(4);
  expect(client.send(stream, 'bye', true)).toBe(3);
  pair.settle();
  expect(client.read(stream)).toMatchObject({ text: 'last', fin: true });
  expect(server.read(stream)).toMatchObject({ text: 'bye', fin: true });
  // Of requests nothing is told in the end.
  expect([...client.of('STREAM_FINISHED'), ...server.of('STREAM_FINISHED')]).toEqual([]);
});

test('streams and datagrams may be there before the request of their session', async () => {
  const pair = await connectedPair();
  const early = pair.client.open(0, false);
  pair.client.send(early, 'early', true);
  pair.client.datagram(0, Buffer.from('early'));
  pair.settle();
  expect(pair.server.of('WEBTRANSPORT_STREAM', early)).toMatchObject([{ number: 0 }]);
  expect(pair.server.of('DATAGRAM')).toMatchObject([{ streamId: 0, text: 'early' }]);
  expect(connect(pair)).toBe(0);
});

test('the end of a session in neqo is the end of one stream', async () => {
  const pair = await connectedPair();
  const session = connect(pair);
  const stream = pair.client.open(session, true);
  pair.client.send(stream, 'x', false);
  pair.settle();
  pair.engine.respond(pair.handle(), session, OK_HEAD, undefined, 0, 0, false);
  pair.engine.cancelStream(pair.handle(), session, 0x10c);
  pair.settle();
  expect(pair.client.of('RESET')).toMatchObject([{ streamId: session, number: 0x10c }]);
  expect(pair.client.send(stream, 'still there', true)).toBe(11);
  pair.settle();
  expect(pair.server.read(stream)).toMatchObject({ text: 'xstill there', fin: true });
});

test('a server keeps a connection alive for a stream', async () => {
  const pair = await connectedPair({ idleTimeoutMs: 500 });
  const session = connect(pair);
  expect(pair.engine.keepAlive(pair.handle(), session, true)).toBe(NativeResult.OK);
  const before = pair.engine.connectionStats(pair.handle())?.framesSent.ping ?? 0;
  // The client is not given a turn: it would ask as well.
  while ((pair.engine.connectionStats(pair.handle())?.framesSent.ping ?? 0) === before) {
    pair.server.flush();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(pair.engine.keepAlive(pair.handle(), session + 4, true)).toBe(NativeResult.INVALID_STREAM);
  expect(pair.engine.keepAlive(pair.handle(), session, false)).toBe(NativeResult.OK);
});

test('both ends of a connection export the same keys, and others for other arguments', async () => {
  const pair = await connectedPair();
  const context = Buffer.from('context');
  const key = pair.conn.exportKeyingMaterial('EXPORTER-WebTransport', context, 32);
  expect(key).toHaveLength(32);
  expect(pair.engine.exportKeyingMaterial(pair.handle(), 'EXPORTER-WebTransport', context, 32)).toEqual(key);
  expect(pair.conn.exportKeyingMaterial('EXPORTER-other', context, 32)).not.toEqual(key);
  expect(pair.conn.exportKeyingMaterial('EXPORTER-WebTransport', Buffer.alloc(0), 32)).not.toEqual(key);
  expect(pair.conn.exportKeyingMaterial('EXPORTER-WebTransport', context, 2 ** 31)).toBeUndefined();
  expect(pair.conn.exportKeyingMaterial('EXPORTER-WebTransport', context, 0)).toBeUndefined();
  expect((await connectedPair()).conn.exportKeyingMaterial('EXPORTER-WebTransport', context, 32)).not.toEqual(key);
});

test('a server lets go of the keys of a client that takes no datagrams', async () => {
  const pair = await connectedPair({ webtransport: false, settings: [], datagramSize: 0 });
  const key = pair.engine.exportKeyingMaterial(pair.handle(), 'EXPORTER-WebTransport', Buffer.alloc(0), 32);
  expect(key).toBeUndefined();
  expect(pair.conn.exportKeyingMaterial('EXPORTER-WebTransport', Buffer.alloc(0), 32)).toHaveLength(32);
});
