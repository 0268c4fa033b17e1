import { expect, onTestFinished, test } from 'vitest';
import { runLoad } from '../../support/load-client.js';
import { buildNativeExample } from '../../support/native-example.js';
import { ServerProcess } from '../../support/server-process.js';

await buildNativeExample('load');

const CONNECTIONS = 1000;
const IN_FLIGHT = 10;
const CYCLES = 1000;
const BYTES = 5000;
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

test('each of 1,000 short connections has one connect, one disconnect and an id of its own', {
  timeout: 180_000,
}, async () => {
  const server = await ServerProcess.start();
  onTestFinished(() => server.stop());
  const report = await runLoad({
    origin: server.origin,
    path: '/100?{n}',
    requests: CYCLES,
    connections: 10,
    perConnection: 1,
    length: 100,
    pattern: true,
  });
  expect(report).toMatchObject({ requests: CYCLES, failed: 0, connected: CYCLES, connectionsFailed: 0, errors: {} });
  const expected = { connects: CYCLES, disconnects: CYCLES, unexpected: 0, repeatedIds: 0 };
  await expect.poll(() => server.counts(), { timeout: END_DEADLINE_MS }).toEqual(expected);
});
