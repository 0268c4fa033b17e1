import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { settle } from '../support/settlement.js';

const STREAM_LIMIT = 6;
const QUEUE_LIMIT = 3;
const STALL = { ':path': '/stall' };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ ...identity, maxStreams: STREAM_LIMIT });
});

afterAll(() => server?.stop());

test('maxQueuedRequests counts those that wait for a stream, not those that run', async () => {
  const session = openSession(server.origin, identity, { maxQueuedRequests: QUEUE_LIMIT });
  const streams = [];
  // More than the limit run.
  for (let count = 0; count < STREAM_LIMIT; count += 1) {
    const stream = session.request(STALL);
    streams.push(stream);
    await once(stream, 'ready');
  }
  for (let count = 0; count < QUEUE_LIMIT; count += 1) streams.push(session.request(STALL));
  const settled = streams.map((stream) => settle(stream));
  const { error, events } = await settle(session.request(STALL));
  expect(error).toMatchObject({ code: 'ERR_HTTP3_QUEUE_FULL', safeToRetry: true });
  expect(events).toEqual(['error', 'close']);
  expect(session.runningRequests).toBe(STREAM_LIMIT + QUEUE_LIMIT);

  // Room again.
  streams.pop()?.destroy();
  streams.push(session.request(STALL));
  expect(session.runningRequests).toBe(STREAM_LIMIT + QUEUE_LIMIT);
  settled.push(...streams.slice(-1).map((stream) => settle(stream)));
  for (const stream of streams) stream.destroy();
  for (const { error: none } of await Promise.all(settled)) expect(none).toBeUndefined();
  await session.close();
});

test('and those that wait for a connection', async () => {
  const session = openSession(server.origin, identity, { maxQueuedRequests: QUEUE_LIMIT });
  const settled = await Promise.all(Array.from({ length: QUEUE_LIMIT + 2 }, () => settle(session.request())));
  expect(settled.map(({ error }) => error?.code)).toEqual([
    undefined,
    undefined,
    undefined,
    'ERR_HTTP3_QUEUE_FULL',
    'ERR_HTTP3_QUEUE_FULL',
  ]);
  await session.close();
});
