import { describe, expect, test } from 'vitest';
import { NativeResult } from '../../../src/native.js';
import { connectedPair, type End, type Pair } from './raw-pair.js';

const SESSION = 4_000;
const QUEUE = 8;
const DIRECTIONS: readonly [string, (pair: Pair) => readonly [End, End]][] = [
  ['of the client', (pair) => [pair.client, pair.server]],
  ['of the server', (pair) => [pair.server, pair.client]],
];

describe.each(DIRECTIONS)('datagrams %s', (_, ends) => {
  test('arrive with their session and their bytes', async () => {
    const pair = await connectedPair();
    const [sender, peer] = ends(pair);
    expect(sender.datagram(SESSION, Buffer.from('hello'))).toBe(NativeResult.OK);
    expect(sender.datagram(0, Buffer.alloc(0))).toBe(NativeResult.OK);
    pair.settle();
    expect(peer.of('DATAGRAM')).toMatchObject([
      { streamId: SESSION, text: 'hello' },
      { streamId: 0, text: '' },
    ]);
  });

  test('wait for room when the queue is full: nothing is dropped', async () => {
    const pair = await connectedPair();
    const [sender, peer] = ends(pair);
    const sent: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; ; index += 1) {
        const text = `${round}.${index}`;
        const result = sender.datagram(SESSION, Buffer.from(text));
        if (result === NativeResult.BLOCKED) break;
        expect(result).toBe(NativeResult.OK);
        sent.push(text);
      }
      expect(sender.of('DATAGRAMS_WRITABLE')).toHaveLength(round);
      await pair.until(() => sender.of('DATAGRAMS_WRITABLE').length > round);
      expect(sender.of('DATAGRAMS_WRITABLE')).toHaveLength(round + 1);
    }
    pair.settle();
    expect(sent.length).toBeGreaterThanOrEqual(5 * QUEUE);
    expect(peer.of('DATAGRAM').map(({ text }) => text)).toEqual(sent);
    expect(pair.conn.stats()).toMatchObject({ datagramsDroppedQueueFull: 0, datagramsDroppedTooBig: 0 });
  });

  test('nothing is told of room that nobody waits for', async () => {
    const pair = await connectedPair();
    const [sender] = ends(pair);
    for (let index = 0; index < QUEUE; index += 1) sender.datagram(SESSION, Buffer.from('x'));
    pair.settle();
    expect(sender.of('DATAGRAMS_WRITABLE')).toEqual([]);
  });

  test('of the largest size arrive, and larger ones are refused', async () => {
    const pair = await connectedPair();
    const [sender, peer] = ends(pair);
    const size = sender.maxDatagram(SESSION);
    expect(size).toBeGreaterThan(1_000);
    expect(sender.maxDatagram(SESSION)).toBeLessThan(sender.maxDatagram(0));
    expect(sender.datagram(SESSION, Buffer.alloc(size + 1))).toBe(NativeResult.TOO_MUCH_DATA);
    expect(sender.datagram(SESSION, Buffer.alloc(size, 'x'))).toBe(NativeResult.OK);
    pair.settle();
    expect(peer.of('DATAGRAM').map(({ text }) => text.length)).toEqual([size]);
  });

  test('fit into what the peer takes, its frame included', async () => {
    // RFC 9221 3: type and length are part of max_datagram_frame_size.
    const pair = await connectedPair({ datagramSize: 200 }, { datagramSize: 200 });
    const [sender, peer] = ends(pair);
    const size = sender.maxDatagram(SESSION);
    expect(size).toBe(200 - 1 - 2 - 2);
    expect(sender.datagram(SESSION, Buffer.alloc(size + 1))).toBe(NativeResult.TOO_MUCH_DATA);
    expect(sender.datagram(SESSION, Buffer.alloc(size, 'x'))).toBe(NativeResult.OK);
    pair.settle();
    expect(peer.of('DATAGRAM')).toHaveLength(1);
  });

  test('are not sent to a peer that takes none', async () => {
    const pair = await connectedPair({ datagramSize: 0 }, { datagramSize: 0 });
    const [sender] = ends(pair);
    expect(sender.maxDatagram(SESSION)).toBe(0);
    expect(sender.datagram(SESSION, Buffer.from('x'))).toBe(NativeResult.UNAVAILABLE);
  });

  test('more than a step takes are counted', async () => {
    const pair = await connectedPair({ incomingDatagramQueue: 3 }, { incomingDatagramQueue: 3 });
    const [sender, peer] = ends(pair);
    // Small ones share a packet.
    for (let index = 0; index < QUEUE; index += 1) sender.datagram(SESSION, Buffer.from(`${index}`));
    pair.settle();
    expect(peer.of('DATAGRAM').map(({ text }) => text)).toEqual(['5', '6', '7']);
    const stats = peer === pair.client ? pair.conn.stats() : pair.engine.connectionStats(pair.handle());
    expect(stats).toMatchObject({ datagramsDroppedIncoming: QUEUE - 3 });
  });
});

test('datagrams are counted, and acknowledged', async () => {
  const pair = await connectedPair();
  for (let index = 0; index < 3; index += 1) pair.client.datagram(SESSION, Buffer.from('x'));
  await pair.until(() => pair.conn.stats().datagramFramesAcked === 3);
  expect(pair.conn.stats()).toMatchObject({ datagramFramesQueued: 3, datagramsLost: 0 });
});

test('before the handshake is complete there are none', async () => {
  const pair = await connectedPair();
  pair.conn.close(0x100, '');
  expect(pair.client.datagram(SESSION, Buffer.from('x'))).toBe(NativeResult.UNAVAILABLE);
  expect(pair.client.open(SESSION, true)).toBe(NativeResult.UNAVAILABLE);
});
