import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ClientHttp3Session } from '../../src/index.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession } from '../support/client.js';
import { ImpairmentRelay } from '../support/impairment-relay.js';
import { JunkDatagrams } from '../support/junk-datagrams.js';
import { fetchBytes } from '../support/settlement.js';

const DOWNLOAD_BYTES = 8 * 1024 * 1024;
const JUNK_DATAGRAMS = 100_000;
/** Datagrams sent between two turns of the event loop: they fit the client's socket buffer even if it is the system's smallest. */
const BURST = 16;

const identity = await makeIdentity();
let caddy: Caddy;

beforeAll(async () => {
  caddy = await startCaddy({ certificate: identity.certificate, files: { 'download.bin': DOWNLOAD_BYTES } });
});
afterAll(() => caddy.stop());

async function datagramsReceived(session: ClientHttp3Session): Promise<number> {
  return (await session.stats())?.datagramsReceived ?? 0;
}

test.each([1, 2])(
  '100,000 random and mutated datagrams at the client in the midst of a download (seed %i)',
  async (seed) => {
    const junk = new JunkDatagrams(seed);
    const target = { host: '127.0.0.1', port: caddy.port };
    // In this process, so that junk can be made of the datagrams that pass.
    const relay = await ImpairmentRelay.start(
      { seed, target, down: { rateBytesPerSecond: DOWNLOAD_BYTES } },
      { onDatagram: (direction, datagram) => junk.observe(direction, datagram) },
    );
    onTestFinished(() => relay.close());
    const session = openSession(`https://127.0.0.1:${relay.address.port}`, identity);
    let settled = false;
    const download = fetchBytes(session, { ':path': '/download.bin' }).finally(() => {
      settled = true;
    });
    // From the first datagram on: the handshake meets junk, too.
    await expect.poll(() => relay.counters().clients).toBe(1);
    await session.stats();
    let injected = 0;
    while (injected < JUNK_DATAGRAMS) {
      for (let burst = 0; burst < BURST; burst += 1) injected += relay.injectToClient(junk.next());
      await nextTurn();
      // A download that is nearly over waits for the rest of the junk.
      const isNearlyOver = relay.counters().down.forwardedBytes > DOWNLOAD_BYTES / 2;
      if (isNearlyOver) relay.set('down', { rateBytesPerSecond: DOWNLOAD_BYTES / 256 });
    }
    expect(settled).toBe(false);
    relay.set('down', { rateBytesPerSecond: 0 });
    const { bytes, sha256, error } = await download;
    expect(error).toBeUndefined();
    expect({ bytes, sha256 }).toEqual(caddy.files['download.bin']);
    // Nearly all of the junk reached neqo; the kernel may have dropped some of it.
    const junkReceived = (await datagramsReceived(session)) - relay.counters().down.forwarded;
    expect(junkReceived).toBeGreaterThan(JUNK_DATAGRAMS * 0.9);
  },
);
