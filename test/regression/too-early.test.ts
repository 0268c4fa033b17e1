import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientHttp3Session, MemoryTokenStore } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { visit } from '../support/visit.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

/** A session whose first request goes out in 0-RTT. */
async function resumingSession(): Promise<ClientHttp3Session> {
  const tokenStore = new MemoryTokenStore();
  await visit(server.origin, { ca: identity.ca, tokenStore });
  return openSession(server.origin, identity, { tokenStore });
}

function requestsSince(count: number, wanted: string): boolean[] {
  return server.requests
    .slice(count)
    .filter(({ path }) => path === wanted)
    .map(({ early }) => early);
}

test('a 425 to a request in 0-RTT has it sent once more after the handshake', async () => {
  const session = await resumingSession();
  const since = server.requests.length;
  const settled = await Promise.all([1, 2, 3].map(() => fetchBytes(session, { ':path': '/too-early' })));
  for (const { error, headers, body, events } of settled) {
    expect(error).toBeUndefined();
    expect(headers?.[':status']).toBe(200);
    expect(String(body)).toBe('in time');
    expect(events).toEqual(['ready', 'ready', 'response', 'data', 'end', 'close']);
  }
  expect(requestsSince(since, '/too-early').sort()).toEqual([false, false, false, true, true, true]);
  expect(session.connection).toMatchObject({ earlyData: 'accepted' });
  await session.close();
});

test('a 425 to that is the response', async () => {
  const session = await resumingSession();
  const since = server.requests.length;
  const { error, headers, events } = await fetchBytes(session, { ':path': '/status?code=425' });
  expect(error).toBeUndefined();
  expect(headers?.[':status']).toBe(425);
  expect(events.filter((event) => event === 'ready')).toHaveLength(2);
  expect(requestsSince(since, '/status')).toEqual([true, false]);
  await session.close();
});

test('so is a 425 to a request that was not sent in 0-RTT', async () => {
  const session = openSession(server.origin, identity);
  const since = server.requests.length;
  const { headers } = await fetchBytes(session, { ':path': '/status?code=425' });
  expect(headers?.[':status']).toBe(425);
  expect(requestsSince(since, '/status')).toEqual([false]);
  await session.close();
});
