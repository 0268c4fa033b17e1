import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

/** With no idle timeout, so that nothing else ends the connection. */
const OPTIONS = { keepAliveTimeout: 50, idleTimeout: 0 };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

const terminated = (): number =>
  server.events.filter(({ event, ...rest }) => event === 'terminated' && 'code' in rest && rest.code === 0x100).length;

test('keepAliveTimeout ends a connection that was never used', async () => {
  const before = terminated();
  const session = openSession(server.origin, identity, OPTIONS);
  await once(session, 'connect');
  await waitUntil('the connection to be closed', () => terminated() === before + 1);
  expect(session.connected).toBe(false);
  // The session opens another.
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await waitUntil('that one to be closed', () => terminated() === before + 2);
  await session.close();
});

test('and the current one though an older one, told to go away, ends meanwhile', async () => {
  const before = terminated();
  const session = openSession(server.origin, identity, OPTIONS);
  const slow = fetchBytes(session, { ':path': '/slow-writer?count=10&interval=20' });
  const goaway = once(session, 'goaway');
  await once(session, 'connect');
  await fetchBytes(session, { ':path': '/goaway?id=400' });
  await goaway;
  await fetchBytes(session);
  await slow;
  await waitUntil('both connections to be closed', () => terminated() === before + 2);
  await session.close();
});
