import { describe, expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { patternBytes, patternDigest } from '../support/pattern.js';
import { fetchBytes } from '../support/settlement.js';

// Caddy is no peer for these: quic-go 0.29 ignores a client's new address.

const TRANSFER_BYTES = 4 * 1024 * 1024;
/** Makes the transfers long enough to rebind in their midst. */
const RATE = { rateBytesPerSecond: 4 * 1024 * 1024 };
const REBINDS = 3;
/** Datagrams between one rebinding and the next. */
const INTERVAL = 500;

const identity = await makeIdentity();
const goObstacle = await goPeerObstacle();

const SERVERS: readonly [string, boolean, () => Promise<{ readonly port: number; stop(): Promise<void> }>][] = [
  ['aioquic', true, () => AioquicServer.start(identity)],
  [
    `quic-go${goObstacle === undefined ? '' : ` (${goObstacle})`}`,
    goObstacle === undefined,
    () => GoPeer.start(identity),
  ],
];

describe.each(SERVERS)("NAT rebinding: the client's source port changes, server %s", (_name, isAvailable, start) => {
  const headersOf = {
    down: { ':path': `/bytes?length=${TRANSFER_BYTES}` },
    up: { ':method': 'POST', ':path': '/digest' },
  } as const;

  test.skipIf(!isAvailable).each(['down', 'up'] as const)('in the middle of a transfer (%s)', async (direction) => {
    const server = await start();
    onTestFinished(() => server.stop());
    const target = { host: '127.0.0.1', port: server.port };
    const proxy = await ImpairmentProxy.start({ seed: 1, target, up: RATE, down: RATE });
    onTestFinished(() => proxy.close());
    const session = openSession(`https://127.0.0.1:${proxy.port}`, identity);
    let disconnects = 0;
    session.on('disconnect', () => {
      disconnects += 1;
    });
    const transfer = fetchBytes(
      session,
      headersOf[direction],
      direction === 'up' ? { body: patternBytes(TRANSFER_BYTES) } : {},
    );
    for (let round = 1; round <= REBINDS; round += 1) {
      await expect
        .poll(async () => (await proxy.counters())[direction].forwarded, { timeout: 20_000 })
        .toBeGreaterThan(INTERVAL * round);
      expect(await proxy.rebind()).toHaveLength(1);
    }
    const { bytes, sha256, body, error } = await transfer;
    expect(error).toBeUndefined();
    expect(direction === 'up' ? JSON.parse(String(body)) : { bytes, sha256 }).toEqual(patternDigest(TRANSFER_BYTES));
    expect(disconnects).toBe(0);
    expect((await proxy.counters()).rebinds).toBe(REBINDS);
  });
});
