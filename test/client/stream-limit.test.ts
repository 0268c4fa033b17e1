import { afterAll, beforeAll, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

const REQUESTS = 1_000;
/** quic-go's default. */
const CADDY_STREAM_LIMIT = 100;

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({ certificate: identity.certificate, files: { file: 1024 } });
});

afterAll(() => caddy?.stop());

it('completes 1,000 requests started at once on one connection though the server allows 100 streams', async () => {
  const session = openSession(caddy.origin, identity);
  let connects = 0;
  session.on('connect', () => {
    connects += 1;
  });
  let running = 0;
  let mostRunning = 0;
  const ids: number[] = [];
  const settled = await Promise.all(
    Array.from({ length: REQUESTS }, () => {
      const stream = session.request({ ':path': '/file' });
      stream.on('ready', (id) => {
        ids.push(id);
        running += 1;
        mostRunning = Math.max(mostRunning, running);
      });
      stream.on('end', () => {
        running -= 1;
      });
      return settle(stream);
    }),
  );
  for (const { error, bytes, sha256 } of settled) {
    expect({ error, bytes, sha256 }).toEqual({ error: undefined, ...caddy.files.file });
  }
  expect(connects).toBe(1);
  // In the order in which they were asked for, each on a stream of its own.
  expect(ids).toEqual(Array.from({ length: REQUESTS }, (_, index) => index * 4));
  expect(mostRunning).toBeLessThanOrEqual(CADDY_STREAM_LIMIT);
  expect(mostRunning).toBeGreaterThan(1);
  await session.close();
});

it('queues in order behind a limit of one stream', async () => {
  const server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 1 });
  try {
    const session = openSession(server.origin, identity);
    const paths = Array.from({ length: 50 }, (_, index) => `/echo/${index}`);
    const settled = await Promise.all(paths.map((path) => fetchBytes(session, { ':path': path })));
    expect(settled.every(({ error, headers }) => error === undefined && headers?.[':status'] === 404)).toBe(true);
    expect(server.requests.map(({ path }) => path)).toEqual(paths);
    await session.close();
  } finally {
    await server.stop();
  }
});
