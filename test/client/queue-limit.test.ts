import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 2 });
});

afterAll(() => server?.stop());

it('a request beyond maxQueuedRequests fails at once, while the connection is made', async () => {
  const session = openSession(server.origin, identity, { maxQueuedRequests: 3 });
  const settled = await Promise.all([1, 2, 3, 4, 5].map(() => fetchBytes(session)));
  for (const { error, bytes } of settled.slice(0, 3)) expect({ error, bytes }).toEqual({ error: undefined, bytes: 6 });
  for (const { error, events } of settled.slice(3)) {
    expect(error).toMatchObject({ code: 'ERR_HTTP3_QUEUE_FULL', safeToRetry: true });
    expect(events).toEqual(['error', 'close']);
  }
  expect((await fetchBytes(session)).error).toBeUndefined();
  await session.close();
});

it('a request beyond maxQueuedRequests fails at once, while others wait for a stream', async () => {
  const session = openSession(server.origin, identity, { maxQueuedRequests: 3 });
  await once(session, 'connect');
  const running = [1, 2].map(() => session.request({ ':path': '/stall' }));
  const runningSettled = running.map((stream) => settle(stream));
  await Promise.all(running.map((stream) => once(stream, 'ready')));
  const settled = [1, 2, 3, 4].map(() => fetchBytes(session));
  expect((await settled[3])?.error).toMatchObject({ code: 'ERR_HTTP3_QUEUE_FULL' });
  expect(session).toMatchObject({ pendingRequests: 0, runningRequests: 5 });
  for (const stream of running) stream.close();
  await Promise.all(runningSettled);
  for (const { error } of await Promise.all(settled.slice(0, 3))) expect(error).toBeUndefined();
  await session.close();
});

it('requests that are aborted leave their place to others', async () => {
  const session = openSession(server.origin, identity, { maxQueuedRequests: 1 });
  for (let round = 0; round < 10; round += 1) {
    const stream = session.request();
    const settled = settle(stream);
    stream.destroy();
    expect((await settled).error).toBeUndefined();
  }
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await session.close();
});
