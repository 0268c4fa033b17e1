import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

const MIB = 1024 * 1024;
const SIZES: Readonly<Record<string, number>> = {
  'zero-bytes': 0,
  'one-byte': 1,
  'one-kibibyte': 1024,
  'ten-mebibytes': 10 * MIB,
  'one-gibibyte': 1024 * MIB,
};

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({ certificate: identity.certificate, files: SIZES });
});

afterAll(() => caddy?.stop());

describe('a download from Caddy', () => {
  it.each(Object.keys(SIZES))('of %s arrives byte for byte', { timeout: 120_000 }, async (name) => {
    const session = openSession(caddy.origin, identity);
    const { headers, bytes, sha256, error } = await fetchBytes(session, { ':path': `/${name}` });
    expect(error).toBeUndefined();
    expect(headers?.[':status']).toBe(200);
    expect({ bytes, sha256 }).toEqual(caddy.files[name]);
    await session.close();
  });

  it('of all sizes at once on one connection arrives byte for byte', async () => {
    const session = openSession(caddy.origin, identity);
    const names = Object.keys(SIZES).filter((name) => name !== 'one-gibibyte');
    const settled = await Promise.all(names.map((name) => fetchBytes(session, { ':path': `/${name}` })));
    for (const [index, name] of names.entries()) {
      expect(settled[index]).toMatchObject({ error: undefined, ...caddy.files[name] });
    }
    await session.close();
  });
});
