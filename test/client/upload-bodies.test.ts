import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BodyInit, ClientHttp3Session } from '../../src/index.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { fetchBytes, type Settlement, settle } from '../support/settlement.js';
import { bodySha256, generateBody } from '../support/site-files.js';

const MIB = 1024 * 1024;
const SMALL_SIZES = [0, 1, 1024, 10 * MIB] as const;
const LARGE_SIZE = 256 * MIB;

let identity: TestIdentity;
let origin: OriginServer;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  origin = await OriginServer.start();
  caddy = await startCaddy({
    certificate: identity.certificate,
    routes: [{ path: '/*', proxyTo: origin }],
  });
});

afterAll(async () => {
  await caddy?.stop();
  await origin?.close();
});

async function* asynchronous(bytes: number): AsyncGenerator<Buffer> {
  yield* generateBody(bytes);
}

const MAKE_BODY: Readonly<Record<string, (bytes: number) => BodyInit>> = {
  Buffer: (bytes) => Buffer.concat([...generateBody(bytes)], bytes),
  Readable: (bytes) => Readable.from(generateBody(bytes)),
  'async generator': asynchronous,
};

/** Caddy 2.6 drops a request body without content-length. */
function put(session: ClientHttp3Session, bytes: number, body: BodyInit): Promise<Settlement> {
  return fetchBytes(session, { ':method': 'PUT', ':path': '/digest', 'content-length': bytes }, { body });
}

/** Writes the body to the request stream itself, at the pace at which it is taken. */
async function putByWriting(session: ClientHttp3Session, bytes: number): Promise<Settlement> {
  const stream = session.request({ ':method': 'PUT', ':path': '/digest', 'content-length': bytes });
  const settled = settle(stream);
  for (const block of generateBody(bytes)) {
    if (!stream.write(block)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
  return settled;
}

function expectDigest(settled: Settlement, bytes: number, sha256 = bodySha256(bytes)): void {
  expect(settled.error).toBeUndefined();
  expect(settled.headers?.[':status']).toBe(200);
  expect(JSON.parse(settled.body.toString())).toEqual({ bytes, sha256 });
}

describe.each(SMALL_SIZES)('an upload of %i bytes through Caddy arrives byte for byte', (bytes) => {
  it.each(Object.keys(MAKE_BODY))('from a %s', async (kind) => {
    const session = openSession(caddy.origin, identity);
    const make = MAKE_BODY[kind] ?? (() => '');
    expectDigest(await put(session, bytes, make(bytes)), bytes);
    await session.close();
  });

  it('from a string', async () => {
    const session = openSession(caddy.origin, identity);
    const text = 'h\u00e9llo w\u00f6rld '.repeat(Math.ceil(bytes / 14));
    const encoded = Buffer.from(text);
    const settled = await fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body: text });
    expectDigest(settled, encoded.length, createHash('sha256').update(encoded).digest('hex'));
    await session.close();
  });

  it('from writes to the request stream', async () => {
    const session = openSession(caddy.origin, identity);
    expectDigest(await putByWriting(session, bytes), bytes);
    await session.close();
  });
});

describe('an upload of 256 MiB through Caddy arrives byte for byte', { timeout: 120_000 }, () => {
  const sha256 = bodySha256(LARGE_SIZE);

  it.each(Object.keys(MAKE_BODY))('from a %s', async (kind) => {
    const session = openSession(caddy.origin, identity);
    const make = MAKE_BODY[kind] ?? (() => '');
    expectDigest(await put(session, LARGE_SIZE, make(LARGE_SIZE)), LARGE_SIZE, sha256);
    await session.close();
  });

  it('from writes to the request stream', async () => {
    const session = openSession(caddy.origin, identity);
    expectDigest(await putByWriting(session, LARGE_SIZE), LARGE_SIZE, sha256);
    await session.close();
  });
});

describe('an echo through Caddy', () => {
  it('comes back while it is still being sent', async () => {
    const session = openSession(caddy.origin, identity);
    const bytes = 10 * MIB;
    const stream = session.request({ ':method': 'POST', ':path': '/echo', 'content-length': bytes });
    const settled = settle(stream);
    await pipeline(Readable.from(generateBody(bytes)), stream, { end: true });
    expect(await settled).toMatchObject({ error: undefined, bytes, sha256: bodySha256(bytes) });
    await session.close();
  });
});
