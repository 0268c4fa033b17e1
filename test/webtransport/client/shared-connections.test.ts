import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { loadAddon } from '../../../src/native.js';
import { webTransportLimits } from '../../../src/stream/webtransport/limits.js';
import type { WebTransport, WebTransportOptions } from '../../../src/webtransport.js';
import { expectNoNativeObjects, makeIdentity, type TestIdentity } from '../../support/client.js';
import { waitUntil } from '../../support/wait-until.js';
import { WebTransportPeer, webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { bytesOf, openTransport } from './support/opened.js';

const obstacle = await webTransportPeerObstacle('aioquic');

/** aioquic speaks draft 02, in which a connection can have many sessions. */
describe.skipIf(obstacle !== undefined)(
  `sessions with allowPooling${obstacle === undefined ? '' : ` (${obstacle})`}`,
  () => {
    let identity: TestIdentity;
    let peer: WebTransportPeer;
    beforeAll(async () => {
      identity = await makeIdentity();
      peer = await WebTransportPeer.start('aioquic', identity);
    });
    afterAll(() => peer?.stop());
    // Registered first, and so done last: when the sessions have been closed.
    beforeEach(() => onTestFinished(expectNoNativeObjects));

    const connections = (): number => loadAddon().counters().connections;

    /** Opened sessions that end with the test. */
    async function openMany(count: number, options: WebTransportOptions = {}): Promise<WebTransport[]> {
      const transports = Array.from({ length: count }, () =>
        openTransport(`${peer.origin}/echo`, identity.ca, { allowPooling: true, ...options }),
      );
      await Promise.all(transports.map(({ ready }) => ready));
      return transports;
    }

    async function echo(transport: WebTransport, text: string): Promise<string> {
      const { readable, writable } = await transport.createBidirectionalStream();
      const writer = writable.getWriter();
      await writer.write(Buffer.from(text));
      await writer.close();
      return (await bytesOf(readable)).toString();
    }

    it('are on one connection, each with its own streams and datagrams', async () => {
      const transports = await openMany(5);
      expect(connections()).toBe(1);
      const texts = await Promise.all(transports.map((transport, index) => echo(transport, `session ${index}`)));
      expect(texts).toEqual(transports.map((_, index) => `session ${index}`));
      const datagrams = await Promise.all(
        transports.map(async (transport, index) => {
          await transport.datagrams.createWritable().getWriter().write(Buffer.of(index));
          return (await transport.datagrams.readable.getReader().read()).value;
        }),
      );
      expect(datagrams.map((value) => value?.[0])).toEqual([0, 1, 2, 3, 4]);
    });

    it('end one by one: the connection with the last', async () => {
      const transports = await openMany(3);
      for (const [index, transport] of transports.entries()) {
        expect(await echo(transport, 'still here')).toBe('still here');
        transport.close({ closeCode: index });
        await transport.closed;
      }
      await waitUntil('the connection to end', () => connections() === 0);
    });

    it('find a connection that is being made, one that stands, and none that has ended', async () => {
      const [first] = await openMany(1);
      const [second] = await openMany(1);
      expect(connections()).toBe(1);
      first?.close();
      second?.close();
      const [third] = await openMany(1);
      expect(await echo(third as WebTransport, 'anew')).toBe('anew');
    });

    it('get another connection beyond the limit of one', async () => {
      const { maxSessions } = webTransportLimits(0, 0);
      await openMany(maxSessions);
      expect(connections()).toBe(1);
      await openMany(1);
      expect(connections()).toBe(2);
    });

    it('do not share with sessions of other options', async () => {
      await openMany(1);
      await openMany(1, { connection: { idleTimeout: 20_000 } });
      expect(connections()).toBe(2);
      await openMany(1, { allowPooling: false });
      expect(connections()).toBe(3);
    });
  },
);
