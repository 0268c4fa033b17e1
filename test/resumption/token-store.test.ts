import { X509Certificate } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, MemoryTokenStore, type StoredToken, type TokenStore } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { lookupLoopback } from '../support/certificate-verdicts.js';
import { makeCa } from '../support/certs.js';
import { makeIdentity, openSession } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import { fetchBytes } from '../support/settlement.js';
import { connectionInfo, visit } from '../support/visit.js';
import { waitUntil } from '../support/wait-until.js';

const identity = await makeIdentity();
let server: AioquicServer;
beforeAll(async () => {
  server = await AioquicServer.start(identity);
});
afterAll(() => server.stop());

/** Keeps tokens as text, as a store on disk or in a database would, and answers later. */
class TextTokenStore implements TokenStore {
  readonly texts = new Map<string, string>();

  async take(key: string): Promise<StoredToken | undefined> {
    await nextTurn();
    const text = this.texts.get(key);
    this.texts.delete(key);
    if (text === undefined) return undefined;
    const { token, expires, certificates } = JSON.parse(text) as {
      token: string;
      expires: number;
      certificates: string[];
    };
    const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
    return { token: decode(token), expires, certificates: certificates.map(decode) };
  }

  async put(key: string, { token, expires, certificates }: StoredToken): Promise<void> {
    await nextTurn();
    const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    this.texts.set(key, JSON.stringify({ token: encode(token), expires, certificates: certificates.map(encode) }));
  }
}

/** Whether a visit resumed. */
async function resumes(tokenStore: TokenStore | false, options: ConnectOptions = {}): Promise<boolean> {
  return (await visit(server.origin, { ca: identity.ca, tokenStore, ...options })).info.resumed;
}

describe('a token store of the user', () => {
  test('that answers later and keeps text', async () => {
    const tokenStore = new TextTokenStore();
    expect(await resumes(tokenStore)).toBe(false);
    await waitUntil('a token', () => tokenStore.texts.size === 1);
    expect(await resumes(tokenStore)).toBe(true);
  });

  test('gets tokens that have not expired, with the certificate chain', async () => {
    const stored: StoredToken[] = [];
    await resumes({ take: () => undefined, put: (_key, token) => void stored.push(token) });
    expect(stored.length).toBeGreaterThan(0);
    for (const { token, expires, certificates } of stored) {
      expect(token.length).toBeGreaterThan(0);
      expect(expires).toBeGreaterThan(Date.now());
      expect(new X509Certificate(certificates[0] ?? '').checkHost('localhost')).toBe('localhost');
    }
  });

  const failure = new Error('the store is out of order');
  const fails = (): never => {
    throw failure;
  };
  test.each<[string, TokenStore]>([
    ['whose take throws', { take: fails, put: () => undefined }],
    ['whose take rejects', { take: () => Promise.reject(failure), put: () => undefined }],
    ['whose put throws', { take: () => undefined, put: fails }],
    ['whose put rejects', { take: () => undefined, put: () => Promise.reject(failure) }],
  ])('%s costs the resumption only', async (_name, tokenStore) => {
    const session = openSession(server.origin, identity, { tokenStore });
    const errors: unknown[] = [];
    session.on('tokenStoreError', (error) => errors.push(error));
    expect((await fetchBytes(session)).error).toBeUndefined();
    await session.close();
    await waitUntil('an error of the store', () => errors.length > 0);
    expect(new Set(errors)).toEqual(new Set([failure]));
  });

  test('that fails, with a listener that throws: the exception is uncaught, and the request completes', async () => {
    const scenario = new URL('./token-store-child.ts', import.meta.url);
    const outcome = await runScenario(scenario, { origin: server.origin, ca: identity.ca });
    expect(outcome).toEqual({ bytes: 'hello\n'.length, uncaught: ['the listener threw'] });
  });

  test.each<[string, Partial<StoredToken>]>([
    ['garbage', { token: Buffer.from('this is no token') }],
    ['nothing', { token: new Uint8Array() }],
    ['no certificates', { certificates: [] }],
    ['certificates that are none', { certificates: [Buffer.from('certificate')] }],
  ])('that gives %s', async (_name, change) => {
    const kept: StoredToken[] = [];
    await resumes({ take: () => undefined, put: (_key, token) => void kept.push(token) });
    const [token] = kept;
    if (token === undefined) throw new Error('there was no token');
    const { info } = await visit(server.origin, {
      ca: identity.ca,
      tokenStore: { take: () => ({ ...token, ...change }), put: () => undefined },
    });
    expect(info.resumed).toBe(change.token === undefined);
    expect(info.authorized).toBe(true);
  });

  test('that never answers: the connection times out', async () => {
    const tokenStore: TokenStore = { take: () => new Promise(() => undefined), put: () => undefined };
    const session = openSession(server.origin, identity, { tokenStore, connectTimeout: 100 });
    expect((await fetchBytes(session)).error).toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
  });
});

describe('a token is used', () => {
  test('once', async () => {
    const tokenStore = new MemoryTokenStore();
    const taken: StoredToken[] = [];
    const recorder: TokenStore = {
      take: (key) => {
        const token = tokenStore.take(key);
        if (token !== undefined) taken.push(token);
        return token;
      },
      put: (key, token) => tokenStore.put(key, token),
    };
    for (let round = 0; round < 4; round += 1) await resumes(recorder);
    expect(taken).toHaveLength(3);
    expect(new Set(taken.map(({ token }) => Buffer.from(token).toString('hex'))).size).toBe(3);
  });

  test('by one of two connections that begin at once', async () => {
    const tokenStore = new MemoryTokenStore();
    await resumes(tokenStore);
    const sessions = [1, 2].map(() => openSession(server.origin, identity, { tokenStore }));
    const infos = await Promise.all(sessions.map((session) => connectionInfo(session)));
    expect(infos.map(({ resumed }) => resumed).sort()).toEqual([false, true]);
  });

  test('not at all with tokenStore: false', async () => {
    expect(await resumes(false)).toBe(false);
    expect(await resumes(false)).toBe(false);
  });
});

describe('a token is not used where the certificate would be judged in another way', () => {
  const otherCa = makeCa({ commonName: 'Other root' });

  test.each<[string, (ca: string, other: string) => ConnectOptions, (ca: string, other: string) => ConnectOptions]>([
    ['by more anchors', (ca) => ({ ca }), (ca, other) => ({ ca: [ca, other] })],
    ['after none was verified', (ca) => ({ ca, rejectUnauthorized: false }), (ca) => ({ ca })],
    ['when none will be verified', (ca) => ({ ca }), (ca) => ({ ca, rejectUnauthorized: false })],
    ['for another name', (ca) => ({ ca }), (ca) => ({ ca, servername: 'localhost' })],
  ])('%s', async (_name, first, second) => {
    const tokenStore = new MemoryTokenStore();
    const { certPem } = await otherCa;
    expect(await resumes(tokenStore, first(identity.ca, certPem))).toBe(false);
    expect(await resumes(tokenStore, second(identity.ca, certPem))).toBe(false);
    // Each keeps its own.
    expect(await resumes(tokenStore, first(identity.ca, certPem))).toBe(true);
    expect(await resumes(tokenStore, second(identity.ca, certPem))).toBe(true);
  });

  test('for another origin of the same server', async () => {
    const tokenStore = new MemoryTokenStore();
    expect(await resumes(tokenStore)).toBe(false);
    const options = { ca: identity.ca, tokenStore, lookup: lookupLoopback };
    const { info } = await visit(`https://localhost:${server.port}`, options);
    expect(info.resumed).toBe(false);
  });

  test('a server that lost its tickets, and shows another certificate now, is refused', async () => {
    const tokenStore = new MemoryTokenStore();
    const old = await AioquicServer.start(identity);
    const { port } = old;
    await visit(old.origin, { ca: identity.ca, tokenStore });
    await old.stop();
    const impostor = await AioquicServer.start({ ...(await makeIdentity()), port });
    try {
      const session = openSession(impostor.origin, identity, { tokenStore });
      expect((await fetchBytes(session)).error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      expect(impostor.requests).toEqual([]);
    } finally {
      await impostor.stop();
    }
  });
});
