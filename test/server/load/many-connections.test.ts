import { expect, onTestFinished, test } from 'vitest';
import { HeldConnections, runLoad } from '../../support/load-client.js';
import { buildNativeExample } from '../../support/native-example.js';
import { ServerProcess } from '../../support/server-process.js';

await buildNativeExample('load');

const CONNECTIONS = 1000;
const IN_FLIGHT = 10;
const BYTES = 5000;
/** Connect, request, close. */
const CYCLES = 3000;
/** Cycles until caches and pools have what they need. */
const FIRST_CYCLES = 1000;
/** What memory may grow by without being a leak of 2,000 cycles. */
const LEFT_BEHIND = 16 * 2 ** 20;
const IDLE = 1000;
const FEW = 10;
const PROBES = 100;
const KIB = 1024;
/** Resident memory for an idle connection. */
const MEMORY_EACH = 128 * KIB;
/** Far more connections may not make a handshake dearer; what one costs is measured to within a part of this. */
const DEARER = 2;
/** An idle connection is not to end during a test. */
const IDLE_TIMEOUT_SECONDS = 600;
/** A connection ends three probe timeouts after its close (RFC 9000 10.2). */
const END_DEADLINE_MS = 20_000;

test('1,000 connections with 10 requests in flight each get every byte', { timeout: 180_000 }, async () => {
  const server = await ServerProcess.start();
  onTestFinished(() => server.stop());
  const requests = CONNECTIONS * IN_FLIGHT;
  const report = await runLoad({
    origin: server.origin,
    path: `/${BYTES}?{n}`,
    requests,
    connections: CONNECTIONS,
    concurrency: IN_FLIGHT,
    length: BYTES,
    pattern: true,
  });
  expect(report).toMatchObject({ requests, failed: 0, connected: CONNECTIONS, connectionsFailed: 0, errors: {} });
  expect(report.bytes).toBe(requests * BYTES);
});

test('each of 3,000 short connections has one connect, one disconnect and an id of its own, and leaves nothing behind', {
  timeout: 180_000,
}, async () => {
  const server = await ServerProcess.start();
  onTestFinished(() => server.stop());
  const cycle = async (requests: number): Promise<void> => {
    const report = await runLoad({
      origin: server.origin,
      path: '/100?{n}',
      requests,
      connections: 10,
      perConnection: 1,
      length: 100,
      pattern: true,
    });
    expect(report).toMatchObject({ requests, failed: 0, connected: requests, connectionsFailed: 0, errors: {} });
  };
  const settled = (cycles: number): Promise<void> => {
    const expected = { connects: cycles, disconnects: cycles, unexpected: 0, repeatedIds: 0 };
    return expect.poll(() => server.counts(), { timeout: END_DEADLINE_MS }).toEqual(expected);
  };
  await cycle(FIRST_CYCLES);
  await settled(FIRST_CYCLES);
  const before = await server.usage();
  await cycle(CYCLES - FIRST_CYCLES);
  await settled(CYCLES);
  const after = await server.usage();
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
  expect(after.residentBytes - before.residentBytes).toBeLessThan(LEFT_BEHIND);
});

test('1,000 idle connections need little memory, and make no handshake dearer', { timeout: 180_000 }, async () => {
  const server = await ServerProcess.start({ idleTimeout: IDLE_TIMEOUT_SECONDS * 1000 });
  onTestFinished(() => server.stop());
  const clients = await HeldConnections.start({
    origin: server.origin,
    path: `/${BYTES}?{n}`,
    length: BYTES,
    pattern: true,
    idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS,
  });
  onTestFinished(() => clients.stop());
  const secondsForProbes = async (): Promise<number> => {
    const before = await server.usage();
    expect(await clients.probe(PROBES)).toMatchObject({ connected: PROBES, connectionsFailed: 0 });
    return (await server.usage()).cpuSeconds - before.cpuSeconds;
  };
  await clients.open(FEW);
  await secondsForProbes();
  const few = await secondsForProbes();
  const before = await server.usage();
  expect(await clients.open(IDLE)).toMatchObject({ open: FEW + IDLE, connectionsFailed: 0 });
  const after = await server.usage();
  expect((after.residentBytes - before.residentBytes) / IDLE).toBeLessThan(MEMORY_EACH);
  expect(await secondsForProbes()).toBeLessThan(DEARER * few);
  expect(await clients.get(IDLE)).toMatchObject({ requests: IDLE, failed: 0 });
});
