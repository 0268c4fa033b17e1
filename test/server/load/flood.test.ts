import { expect, onTestFinished, test } from 'vitest';
import { runFlood } from '../../support/flood.js';
import { HeldConnections } from '../../support/load-client.js';
import { buildNativeExample } from '../../support/native-example.js';
import { ServerProcess } from '../../support/server-process.js';

await buildNativeExample('flood');
await buildNativeExample('load');

const CLIENTS = 100;
const BYTES = 5000;
/** Requests of all clients together, again and again while the flood lasts. */
const REQUESTS = 1000;
const DATAGRAMS = 60_000;
const RATE = 10_000;
const MIB = 2 ** 20;
/** Long enough for the last handshake to be given up. */
const CALM_DEADLINE_MS = 20_000;

test('a flood switches Retry on and off again, and clients do not notice', { timeout: 180_000 }, async () => {
  // Handshakes that nobody goes on with end soon, so that the test does.
  const server = await ServerProcess.start({ handshakeTimeout: 2000 });
  onTestFinished(() => server.stop());
  const { origin, port } = server;
  const clients = await HeldConnections.start({ origin, path: `/${BYTES}?{n}`, length: BYTES, pattern: true });
  onTestFinished(() => clients.stop());
  expect(await clients.open(CLIENTS)).toMatchObject({ open: CLIENTS, connectionsFailed: 0 });
  const before = await server.usage();

  let isOver = false;
  const flood = runFlood({ port, count: DATAGRAMS, rate: RATE }).finally(() => {
    isOver = true;
  });
  let sawRetry = false;
  while (!isOver) {
    sawRetry ||= (await server.stats())?.engine?.retryActive ?? false;
    expect(await clients.get(REQUESTS)).toMatchObject({ requests: REQUESTS, failed: 0, connectionsFailed: 0 });
  }
  expect((await flood).sent).toBe(DATAGRAMS);
  expect(sawRetry).toBe(true);
  expect((await server.stats())?.engine?.retriesSent).toBeGreaterThan(0);

  const calm = { engine: { retryActive: false, pendingHandshakes: 0 } };
  await expect.poll(() => server.stats(), { timeout: CALM_DEADLINE_MS }).toMatchObject(calm);
  expect(await clients.get(REQUESTS)).toMatchObject({ open: CLIENTS, requests: REQUESTS, failed: 0 });
  const after = await server.usage();
  expect(after.residentBytes - before.residentBytes).toBeLessThan(256 * MIB);
  expect(after.descriptors - before.descriptors).toBeLessThan(64);
});
