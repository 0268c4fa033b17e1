import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryTokenStore, type StoredToken, type TokenStore } from '../../src/index.js';
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

const GOOD: StoredToken = { token: new Uint8Array(100), expires: Date.now() + 3_600_000, certificates: [] };

/** Sends a request with a store that gives `take()`; returns what the session said of the store. */
async function request(take: TokenStore['take']): Promise<readonly unknown[]> {
  const session = openSession(server.origin, identity, { tokenStore: { take, put: () => undefined } });
  const errors: unknown[] = [];
  session.on('tokenStoreError', (error) => errors.push(error));
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  expect(session.connection).toMatchObject({ authorized: true });
  await session.close();
  return errors;
}

const GARBAGE: Readonly<Record<string, unknown>> = {
  null: null,
  'a string': 'token',
  'a number': 7,
  'an empty object': {},
  'a token that is a string': { ...GOOD, token: 'x' },
  'no expiry': { ...GOOD, expires: undefined },
  'an expiry that is a Date': { ...GOOD, expires: new Date() },
  'no certificates': { ...GOOD, certificates: undefined },
  'certificates in PEM': { ...GOOD, certificates: ['-----BEGIN CERTIFICATE-----'] },
};

test.each(Object.entries(GARBAGE))('a store that returns %s costs only the resumption', async (_what, garbage) => {
  const errors = await request(() => garbage as StoredToken);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(TypeError);
});

test('a store that throws or rejects costs only the resumption', async () => {
  const error = new Error('no store today');
  const fail = (): never => {
    throw error;
  };
  expect(await request(fail)).toEqual([error]);
  expect(await request(() => Promise.reject(error))).toEqual([error]);
});

test.each([
  ['a token that neqo cannot read', GOOD],
  ['an empty token', { ...GOOD, token: new Uint8Array(0) }],
  ['a token that has expired', { ...GOOD, expires: 1 }],
])('%s costs only the resumption', async (_what, token) => {
  expect(await request(() => token)).toEqual([]);
});

test('a good token with certificates that cannot be decoded resumes, and shows none', async () => {
  const store = new MemoryTokenStore();
  await visit(server.origin, { ca: identity.ca, tokenStore: store });
  const take = (key: string): StoredToken | undefined => {
    const token = store.take(key);
    return token && { ...token, certificates: [Buffer.from('garbage'), new Uint8Array(0)] };
  };
  const session = openSession(server.origin, identity, { tokenStore: { take, put: () => undefined } });
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  expect(session.connection).toMatchObject({ resumed: true, certificates: [] });
  await session.close();
});
