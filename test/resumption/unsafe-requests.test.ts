import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryTokenStore, type OutgoingHeaders, type RequestOptions } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { connectionInfo, visit } from '../support/visit.js';

const identity = await makeIdentity();
let server: AioquicServer;

beforeAll(async () => {
  server = await AioquicServer.start(identity);
});
afterAll(() => server.stop());

/** A store with the token of a connection that was made without one. */
async function storeWithToken(): Promise<MemoryTokenStore> {
  const tokenStore = new MemoryTokenStore();
  await visit(server.origin, { ca: identity.ca, tokenStore });
  expect(tokenStore.size).toBe(1);
  return tokenStore;
}

/** Anyone on the path can replay 0-RTT: only requests without effect go in it (RFC 8470). */
test.each<[string, boolean, OutgoingHeaders, RequestOptions]>([
  ['GET', true, {}, {}],
  ['HEAD', true, { ':method': 'HEAD', ':path': '/status?code=200' }, {}],
  ['OPTIONS', true, { ':method': 'OPTIONS' }, {}],
  ['POST with a body', false, { ':method': 'POST' }, { body: 'body' }],
  ['POST without a body', false, { ':method': 'POST' }, { endStream: true }],
  ['PUT', false, { ':method': 'PUT' }, { body: 'body' }],
  ['PATCH', false, { ':method': 'PATCH' }, { body: 'body' }],
  ['DELETE', false, { ':method': 'DELETE' }, {}],
  ['GET with a body', false, {}, { body: 'body' }],
  ['a method of its own', false, { ':method': 'PURGE' }, { endStream: true }],
])('%s: sent early is %s', async (_name, early, headers, options) => {
  const tokenStore = await storeWithToken();
  const session = openSession(server.origin, identity, { tokenStore });
  const connected = connectionInfo(session);
  const before = server.requests.length;
  const { error } = await fetchBytes(session, { ':path': '/digest', ...headers }, options);
  expect(error).toBeUndefined();
  expect((await connected).resumed).toBe(true);
  expect(server.requests.slice(before)).toMatchObject([{ early }]);
  await session.close();
});

test('a POST waits for the handshake while a GET beside it goes early', async () => {
  const tokenStore = await storeWithToken();
  const session = openSession(server.origin, identity, { tokenStore });
  const before = server.requests.length;
  const settlements = await Promise.all([
    fetchBytes(session, { ':method': 'POST', ':path': '/digest?post' }, { body: 'body' }),
    fetchBytes(session, { ':path': '/bytes?length=10&get' }),
  ]);
  expect(settlements.map(({ error }) => error)).toEqual([undefined, undefined]);
  const byMethod = Object.fromEntries(server.requests.slice(before).map(({ method, early }) => [method, early]));
  expect(byMethod).toEqual({ GET: true, POST: false });
});

test('earlyData: false resumes without 0-RTT', async () => {
  const tokenStore = await storeWithToken();
  const { info, sentEarly } = await visit(server.origin, { ca: identity.ca, tokenStore, earlyData: false });
  expect(info).toMatchObject({ resumed: true, earlyData: 'none', authorized: true });
  expect(info.certificates.length).toBeGreaterThan(0);
  expect(sentEarly).toBe(false);
  expect(server.requests.at(-1)).toMatchObject({ early: false });
});
