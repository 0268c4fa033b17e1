import { describe, expect, test } from 'vitest';
import { NativeResult } from '../../../src/native.js';
import { connectedPair, type End, type Pair } from './raw-pair.js';

/** Any: neqo does not know of sessions. */
const SESSION = 4_000;
const CODE = 0x52e4a40fa8e2;
const OTHER_CODE = 0x170d7b68;

const DIRECTIONS: readonly [string, (pair: Pair) => readonly [End, End]][] = [
  ['of the client', (pair) => [pair.client, pair.server]],
  ['of the server', (pair) => [pair.server, pair.client]],
];
const KINDS = [
  ['bidirectional', true],
  ['unidirectional', false],
] as const;

describe.each(DIRECTIONS)('a stream %s', (_, ends) => {
  describe.each(KINDS)('%s', (_kind, bidirectional) => {
    test('arrives with its session and its bytes, and its end is acknowledged', async () => {
      const pair = await connectedPair();
      const [opener, peer] = ends(pair);
      const stream = opener.open(SESSION, bidirectional);
      expect(stream).toBeGreaterThanOrEqual(0);
      expect(opener.send(stream, 'hello', false)).toBe(5);
      pair.settle();
      expect(peer.of('WEBTRANSPORT_STREAM')).toMatchObject([{ streamId: stream, number: SESSION }]);
      const kinds = peer.seen.filter(({ streamId }) => streamId === stream).map(({ kind }) => kind);
      expect(kinds.indexOf('DATA_READABLE')).toBeGreaterThan(kinds.indexOf('WEBTRANSPORT_STREAM'));
      expect(peer.read(stream)).toMatchObject({ text: 'hello', fin: false });
      expect(opener.of('STREAM_FINISHED')).toEqual([]);
      expect(opener.send(stream, ' world', true)).toBe(6);
      expect(opener.send(stream, 'more', false)).toBe(NativeResult.INVALID_STREAM);
      pair.settle();
      expect(peer.read(stream)).toMatchObject({ text: ' world', fin: true });
      expect(peer.read(stream).result).toBe(NativeResult.INVALID_STREAM);
      await pair.until(() => opener.of('STREAM_FINISHED', stream).length === 1);
      expect(opener.of('RESET')).toEqual([]);
      expect(opener.of('STOP_SENDING')).toEqual([]);
    });

    test('that ends at once is an empty stream', async () => {
      const pair = await connectedPair();
      const [opener, peer] = ends(pair);
      const stream = opener.open(0, bidirectional);
      expect(opener.send(stream, '', true)).toBe(0);
      pair.settle();
      expect(peer.of('WEBTRANSPORT_STREAM')).toMatchObject([{ streamId: stream, number: 0 }]);
      expect(peer.of('DATA_READABLE', stream)).toHaveLength(1);
      expect(peer.read(stream)).toEqual({ text: '', fin: true, result: 0 });
      await pair.until(() => opener.of('STREAM_FINISHED', stream).length === 1);
    });

    test('is reset after its header, with the code', async () => {
      const pair = await connectedPair();
      const [opener, peer] = ends(pair);
      const stream = opener.open(SESSION, bidirectional);
      opener.send(stream, 'lost', false);
      expect(opener.reset(stream, CODE)).toBe(NativeResult.OK);
      pair.settle();
      // The header is delivered, though not a packet had been sent before the reset (RESET_STREAM_AT).
      expect(peer.of('WEBTRANSPORT_STREAM', stream)).toHaveLength(1);
      expect(peer.of('RESET', stream)).toMatchObject([{ number: CODE, flags: 0 }]);
      expect(peer.read(stream).result).toBe(NativeResult.INVALID_STREAM);
      expect(opener.send(stream, 'x', false)).toBe(NativeResult.INVALID_STREAM);
      // Once more does nothing, whether the first one is acknowledged or not.
      expect([NativeResult.OK, NativeResult.INVALID_STREAM]).toContain(opener.reset(stream, CODE));
      pair.settle();
      expect(peer.of('RESET', stream)).toHaveLength(1);
      expect(opener.of('STREAM_FINISHED')).toEqual([]);
    });

    test('is stopped by the peer, with the code', async () => {
      const pair = await connectedPair();
      const [opener, peer] = ends(pair);
      const stream = opener.open(SESSION, bidirectional);
      opener.send(stream, 'unwanted', false);
      pair.settle();
      expect(peer.stop(stream, OTHER_CODE)).toBe(NativeResult.OK);
      pair.settle();
      expect(opener.of('STOP_SENDING')).toMatchObject([{ streamId: stream, number: OTHER_CODE }]);
      expect(opener.send(stream, 'x', false)).toBe(NativeResult.INVALID_STREAM);
      // It stopped reading: nothing more is told of that half.
      expect(peer.of('RESET', stream)).toEqual([]);
    });

    test('is stopped after its end, before that is acknowledged', async () => {
      const pair = await connectedPair();
      const [opener, peer] = ends(pair);
      const stream = opener.open(SESSION, bidirectional);
      opener.send(stream, 'x', false);
      pair.settle();
      peer.stop(stream, CODE);
      peer.flush();
      opener.send(stream, '', true);
      pair.settle();
      expect(opener.of('STOP_SENDING')).toMatchObject([{ streamId: stream, number: CODE }]);
      expect(opener.of('STREAM_FINISHED')).toEqual([]);
    });
  });

  test('that is bidirectional goes both ways, each half on its own', async () => {
    const pair = await connectedPair();
    const [opener, peer] = ends(pair);
    const stream = opener.open(SESSION, true);
    opener.send(stream, 'question', true);
    pair.settle();
    expect(peer.read(stream)).toMatchObject({ text: 'question', fin: true });
    expect(peer.send(stream, 'answer', true)).toBe(6);
    pair.settle();
    expect(opener.read(stream)).toMatchObject({ text: 'answer', fin: true });
    await pair.until(() => peer.of('STREAM_FINISHED', stream).length === 1);
  });

  test('waits for the limit of the peer', async () => {
    // Three are HTTP/3's own. neqo raises a limit when half of it is used up.
    const limits = { maxStreamsUni: 5, maxStreamsBidi: 2 };
    const pair = await connectedPair(limits, limits);
    const [opener, peer] = ends(pair);
    const uni = [opener.open(SESSION, false), opener.open(SESSION, false)];
    expect(opener.open(SESSION, false)).toBe(NativeResult.STREAM_LIMIT);
    const bidi = [opener.open(SESSION, true), opener.open(SESSION, true)];
    expect(opener.open(SESSION, true)).toBe(NativeResult.STREAM_LIMIT);
    for (const stream of [...uni, ...bidi]) opener.send(stream, 'x', true);
    pair.settle();
    opener.seen.length = 0;
    for (const stream of [...uni, ...bidi]) expect(peer.read(stream).fin).toBe(true);
    for (const stream of bidi) peer.send(stream, '', true);
    pair.settle();
    for (const stream of bidi) expect(opener.read(stream).fin).toBe(true);
    await pair.until(() => opener.of('STREAMS_CREATABLE').some(({ flags }) => flags === 1));
    const kind = opener.name === 'client' ? 'REQUESTS_CREATABLE' : 'STREAMS_CREATABLE';
    await pair.until(() => opener.of(kind).some(({ flags }) => flags === 0));
    expect(opener.open(SESSION, false)).toBeGreaterThan(Math.max(...uni));
    expect(opener.open(SESSION, true)).toBeGreaterThan(Math.max(...bidi));
  });

  test('is not closed by GOAWAY, and more can be opened', async () => {
    const pair = await connectedPair();
    const [opener, peer] = ends(pair);
    const before = opener.open(SESSION, true);
    pair.settle();
    expect(pair.engine.goaway(pair.handle(), true)).toBeGreaterThanOrEqual(0);
    pair.settle();
    expect(pair.client.of('GOAWAY_RECEIVED')).toHaveLength(1);
    const after = opener.open(SESSION, true);
    expect(after).toBeGreaterThan(before);
    for (const stream of [before, after]) expect(opener.send(stream, 'still', true)).toBe(5);
    pair.settle();
    for (const stream of [before, after]) expect(peer.read(stream)).toMatchObject({ text: 'still', fin: true });
    for (const end of [pair.client, pair.server]) expect([...end.of('RESET'), ...end.of('STOP_SENDING')]).toEqual([]);
  });
});

test('a thousand streams, of which each second is reset', async () => {
  const pair = await connectedPair({}, { maxStreamsUni: 2_000 });
  const streams = Array.from({ length: 1_000 }, () => pair.client.open(SESSION, false));
  for (const [index, stream] of streams.entries()) {
    pair.client.send(stream, `${index}`, index % 2 === 0);
    if (index % 2 === 1) pair.client.reset(stream, CODE);
  }
  await pair.until(() => pair.client.of('STREAM_FINISHED').length === 500 && pair.server.of('RESET').length === 500);
  expect(pair.server.of('WEBTRANSPORT_STREAM')).toHaveLength(1_000);
  for (const [index, stream] of streams.entries()) {
    if (index % 2 === 0) expect(pair.server.read(stream)).toMatchObject({ text: `${index}`, fin: true });
  }
});

test('streams of the same session and of none, groups and orders are taken', async () => {
  const pair = await connectedPair();
  const stream = pair.client.open(SESSION, true);
  expect(pair.conn.setSendOrder(stream, 0, -5)).toBe(NativeResult.OK);
  expect(pair.conn.setSendOrder(stream, 7, Number.MAX_SAFE_INTEGER)).toBe(NativeResult.OK);
  expect(pair.conn.setSendOrder(stream + 4, 7, 1)).toBe(NativeResult.INVALID_STREAM);
  pair.client.send(stream, 'x', false);
  pair.settle();
  expect(pair.engine.setSendOrder(pair.handle(), stream, 1, 2)).toBe(NativeResult.OK);
  expect(pair.engine.setSendOrder(pair.handle(), stream + 4, 1, 2)).toBe(NativeResult.INVALID_STREAM);
});

test('a higher order goes before a lower one', async () => {
  const pair = await connectedPair({}, { maxData: 1_000_000 });
  const [low, high] = [pair.client.open(SESSION, false), pair.client.open(SESSION, false)];
  pair.conn.setSendOrder(low, 1, 1);
  pair.conn.setSendOrder(high, 1, 2);
  pair.client.send(low, 'l'.repeat(60_000), true);
  pair.client.send(high, 'h'.repeat(60_000), true);
  pair.conn.processOutput(10);
  pair.engine.processInput(10);
  await pair.until(() => pair.server.of('WEBTRANSPORT_STREAM').length > 0);
  expect(pair.server.of('WEBTRANSPORT_STREAM')[0]).toMatchObject({ streamId: high });
});

test('statistics count the bytes of the application alone', async () => {
  const pair = await connectedPair();
  const { client, server, conn, engine } = pair;
  const stream = client.open(SESSION, true);
  expect(conn.sendStreamStats(stream)).toEqual({ bytesWritten: 0, bytesSent: 0, bytesAcked: 0 });
  client.send(stream, 'hello', false);
  expect(conn.sendStreamStats(stream)).toEqual({ bytesWritten: 5, bytesSent: 0, bytesAcked: 0 });
  await pair.until(() => conn.sendStreamStats(stream)?.bytesAcked === 5);
  expect(engine.recvStreamStats(pair.handle(), stream)).toEqual({ bytesReceived: 5, bytesRead: 0 });
  server.read(stream);
  expect(engine.recvStreamStats(pair.handle(), stream)).toEqual({ bytesReceived: 5, bytesRead: 5 });
  server.send(stream, 'hi', false);
  await pair.until(() => engine.sendStreamStats(pair.handle(), stream)?.bytesAcked === 2);
  expect(conn.recvStreamStats(stream)).toEqual({ bytesReceived: 2, bytesRead: 0 });
  expect(conn.recvStreamStats(stream + 4)).toBeUndefined();
  expect(engine.sendStreamStats(pair.handle(), stream + 4)).toBeUndefined();
  const { minRttMs, congestionWindow, sendRate, packetBytesAcked } = conn.stats();
  for (const value of [minRttMs, congestionWindow, sendRate, packetBytesAcked]) expect(value).toBeGreaterThan(0);
});
