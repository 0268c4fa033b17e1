import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

const H3_MESSAGE_ERROR = 0x10e;

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

/** Wrong in one stream only (RFC 9114 4.1.2). */
const MALFORMED = [
  'upper-case-name',
  'empty-name',
  'name-with-space',
  'name-with-colon',
  'name-with-newline',
  'name-not-ascii',
  'value-with-newline',
  'value-with-nul',
  'connection-header',
  'transfer-encoding',
  'missing-status',
  'duplicate-status',
  'unknown-pseudo',
  'request-pseudo',
  'pseudo-after-regular',
  'status-101',
  'status-not-a-number',
  'status-of-two-digits',
  'status-empty',
  'content-length-too-long',
  'content-length-too-short',
  'content-length-twice',
  'content-length-not-a-number',
  'content-length-negative',
  'pseudo-in-trailers',
  'upper-case-in-trailers',
  'no-headers',
  'interim-only',
];

it.each(MALFORMED)('%s ends its stream with H3_MESSAGE_ERROR, and the others run on', async (name) => {
  const session = openSession(server.origin, identity);
  let disconnects = 0;
  session.on('disconnect', () => {
    disconnects += 1;
  });
  const since = server.events.length;
  const other = fetchBytes(session, { ':path': '/slow-writer?count=3&length=5&interval=30' });
  // A request that is not at its end yet, so that the server has to be told.
  const stream = session.request({ ':method': 'POST', ':path': `/malformed/${name}` });
  const { error, events } = await settle(stream);
  expect(error).toMatchObject({
    code: 'ERR_HTTP3_MESSAGE',
    errorCode: H3_MESSAGE_ERROR,
    errorName: 'H3_MESSAGE_ERROR',
    safeToRetry: false,
  });
  expect(events.slice(-2)).toEqual(['error', 'close']);
  expect(stream.rstCode).toBe(H3_MESSAGE_ERROR);
  const reset = await waitUntil('RESET_STREAM', () =>
    server.events.slice(since).find((event) => event.event === 'reset' && event.stream === stream.id),
  );
  expect(reset).toMatchObject({ code: H3_MESSAGE_ERROR });
  expect(await other).toMatchObject({ error: undefined, bytes: 15 });
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  expect(disconnects).toBe(0);
  await session.close();
});

it('a header section beyond maxHeaderSize ends its stream: UND_ERR_HEADERS_OVERFLOW', async () => {
  const session = openSession(server.origin, identity);
  const { error } = await fetchBytes(session, { ':path': '/malformed/header-section-256k' });
  expect(error).toMatchObject({ code: 'UND_ERR_HEADERS_OVERFLOW' });
  const taken = await fetchBytes(session, { ':path': '/malformed/header-section-256k' }, { maxHeaderSize: 300_000 });
  expect(taken.headers).toMatchObject({ ':status': 200, 'x-large-63': 'v'.repeat(4096) });
  await session.close();
});

it.each(['unknown-frames', 'empty-data-frames', 'byte-sized-data-frames'])('%s is odd but legal', async (name) => {
  const session = openSession(server.origin, identity);
  const { error, body } = await fetchBytes(session, { ':path': `/malformed/${name}` });
  expect(error).toBeUndefined();
  expect(body.toString()).toBe('body');
  await session.close();
});

/** Wrong in a way that RFC 9114 and RFC 9204 make an error of the connection. */
const CONNECTION_ERRORS: readonly (readonly [path: string, errorName: string])[] = [
  ['/malformed/data-before-headers', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/data-after-trailers', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/two-trailers', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/truncated-frame', 'H3_FRAME_ERROR'],
  ['/malformed/truncated-header-frame', 'H3_FRAME_ERROR'],
  ['/malformed/reserved-frame', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/settings-on-request', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/goaway-on-request', 'H3_FRAME_UNEXPECTED'],
  ['/malformed/qpack-garbage', 'QPACK_DECOMPRESSION_FAILED'],
  ['/control/second-settings', 'H3_FRAME_UNEXPECTED'],
  ['/control/data-on-control', 'H3_FRAME_UNEXPECTED'],
  ['/control/headers-on-control', 'H3_FRAME_UNEXPECTED'],
  ['/control/reserved-frame-on-control', 'H3_FRAME_UNEXPECTED'],
  ['/control/max-push-id', 'H3_FRAME_UNEXPECTED'],
  ['/control/cancel-unknown-push', 'H3_ID_ERROR'],
  ['/control/close-control', 'H3_CLOSED_CRITICAL_STREAM'],
  ['/control/reset-control', 'H3_CLOSED_CRITICAL_STREAM'],
  ['/control/second-control-stream', 'H3_STREAM_CREATION_ERROR'],
  ['/control/goaway-not-a-request', 'H3_ID_ERROR'],
  ['/control/goaway-truncated', 'H3_FRAME_ERROR'],
  ['/control/push-stream', 'H3_ID_ERROR'],
  ['/control/qpack-encoder-garbage', 'QPACK_ENCODER_STREAM_ERROR'],
  ['/control/close-qpack-encoder', 'H3_CLOSED_CRITICAL_STREAM'],
];

describe('a server that breaks the protocol of the connection', () => {
  it.each(CONNECTION_ERRORS)('by %s loses it with %s, and the session makes another', async (path, errorName) => {
    const session = openSession(server.origin, identity);
    const settled = await Promise.all([
      fetchBytes(session, { ':path': '/stall' }),
      fetchBytes(session, { ':path': '/stall?after=10' }),
      fetchBytes(session, { ':path': path }),
    ]);
    for (const { error } of settled) {
      expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', errorName });
      expect(error?.cause).toMatchObject({ code: 'ERR_HTTP3_CONNECTION', errorName });
    }
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });

  it.each(['/control/unknown-frame-on-control', '/control/unknown-stream'])('%s is legal', async (path) => {
    const session = openSession(server.origin, identity);
    expect((await fetchBytes(session, { ':path': path })).body.toString()).toBe('misbehaved');
    await session.close();
  });
});

describe.each([
  ['reserved', 'H3_SETTINGS_ERROR'],
  ['missing', 'H3_MISSING_SETTINGS'],
] as const)('settings that are %s', (settings, errorName) => {
  it(`fail the requests with ${errorName}`, async () => {
    const misconfigured = await AioquicServer.start({ certificate: identity.certificate, settings });
    try {
      const session = openSession(misconfigured.origin, identity);
      const { error } = await fetchBytes(session, { ':path': '/stall' });
      expect([error, error?.cause]).toContainEqual(
        expect.objectContaining({ code: 'ERR_HTTP3_CONNECTION', errorName }),
      );
      await session.close();
    } finally {
      await misconfigured.stop();
    }
  });
});
