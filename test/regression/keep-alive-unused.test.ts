import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

/** With no idle timeout, so that nothing else ends the connection. */
const OPTIONS = { keepAliveTimeout: 50, idleTimeout: 0 };

/** H3_NO_ERROR, and what it becomes while the handshake is not confirmed: APPLICATION_ERROR (RFC 9000 10.2.3). */
const CLOSE_CODES = [0x100, 0xc];

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

/** Connections that the server has seen begin, and end by the client's close, since then. */
function connections(since: number): { readonly begun: number; readonly closed: number } {
  const events = server.events.slice(since);
  return {
    begun: events.filter(({ event }) => event === 'handshake').length,
    closed: events.filter((event) => event.event === 'terminated' && CLOSE_CODES.includes(event.code)).length,
  };
}

test('keepAliveTimeout ends a connection that was never used', async () => {
  const since = server.events.length;
  const session = openSession(server.origin, identity, OPTIONS);
  await once(session, 'connect');
  await waitUntil('the connection to be closed', () => connections(since).closed === 1);
  expect(session.connected).toBe(false);
  // The session opens another.
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await waitUntil('that one to be closed', () => connections(since).closed === 2);
  await session.close();
});

test('and the current one though an older one, told to go away, ends meanwhile', async () => {
  const since = server.events.length;
  const session = openSession(server.origin, identity, { ...OPTIONS, tokenStore: false });
  const slow = fetchBytes(session, { ':path': '/slow-writer?count=10&interval=20' });
  const goaway = once(session, 'goaway');
  await once(session, 'connect');
  await fetchBytes(session, { ':path': '/goaway?id=400' });
  await goaway;
  await fetchBytes(session);
  await slow;
  await waitUntil('all connections to be closed', () => {
    const { begun, closed } = connections(since);
    return begun > 1 && closed === begun;
  });
  await session.close();
});
