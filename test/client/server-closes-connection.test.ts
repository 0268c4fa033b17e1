import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientHttp3Stream, Http3Error } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 3 });
});

afterAll(() => server?.stop());

type Close = readonly [kind: 'application' | 'transport', code: number, expected: Readonly<Record<string, unknown>>];

const CLOSES: readonly Close[] = [
  ['application', 0x100, { code: 'ERR_HTTP3_CONNECTION_CLOSED', errorCode: 0x100, errorName: 'H3_NO_ERROR' }],
  ['application', 0x102, { code: 'ERR_HTTP3_CONNECTION', errorCode: 0x102, errorName: 'H3_INTERNAL_ERROR' }],
  ['application', 0x107, { code: 'ERR_HTTP3_CONNECTION', errorCode: 0x107, errorName: 'H3_EXCESSIVE_LOAD' }],
  ['application', 0x12345678, { code: 'ERR_HTTP3_CONNECTION', errorCode: 0x12345678, errorName: '0x12345678' }],
  ['transport', 0x0, { code: 'ERR_HTTP3_CONNECTION_CLOSED', errorCode: 0, errorName: 'NO_ERROR' }],
  ['transport', 0x1, { code: 'ERR_QUIC_TRANSPORT', errorCode: 1, errorName: 'INTERNAL_ERROR' }],
  ['transport', 0x2, { code: 'ECONNREFUSED', errorCode: 2, errorName: 'CONNECTION_REFUSED' }],
  ['transport', 0xa, { code: 'ERR_QUIC_TRANSPORT', errorCode: 0xa, errorName: 'PROTOCOL_VIOLATION' }],
  ['transport', 0x3f00, { code: 'ERR_QUIC_TRANSPORT', errorCode: 0x3f00, errorName: '0x3f00' }],
];

describe.each(CLOSES)('a server that closes the connection with %s error %i', (kind, code, expected) => {
  it('fails every request under way once, and the session goes on with another connection', async () => {
    const session = openSession(server.origin, identity);
    const disconnects: Http3Error[] = [];
    session.on('disconnect', (error) => disconnects.push(error));
    const midBody = session.request({ ':path': '/stall?after=1000' });
    const beforeHeaders = session.request({ ':path': '/stall' });
    const uploading = session.request({ ':method': 'POST', ':path': '/stall' });
    uploading.write('part of a body');
    const outcomes = [midBody, beforeHeaders, uploading].map((stream) => settle(stream));
    await Promise.all([once(midBody, 'data'), ready(beforeHeaders), ready(uploading)]);

    await server.close(code, 'because', kind);
    for (const { error, events } of await Promise.all(outcomes)) {
      expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', safeToRetry: false, errorCode: code });
      expect(error?.cause).toMatchObject(expected);
      expect(error?.cause).toBe(disconnects[0]);
      expect(events.slice(-2)).toEqual(['error', 'close']);
    }
    expect(disconnects).toHaveLength(1);
    expect(session).toMatchObject({ connected: false, closed: false, runningRequests: 0 });

    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });
});

it('requests that still waited for a stream go to another connection', async () => {
  const session = openSession(server.origin, identity);
  const requestsBefore = server.requests.length;
  const running = Array.from({ length: 3 }, () => session.request({ ':path': '/stall' }));
  const runningSettled = running.map((stream) => settle(stream));
  await Promise.all(running.map(ready));
  const waiting = Array.from({ length: 10 }, (_, index) => fetchBytes(session, { ':path': `/waiting/${index}` }));

  await server.close(0x102);
  for (const { error } of await Promise.all(runningSettled)) expect(error?.code).toBe('UND_ERR_SOCKET');
  for (const { error, headers } of await Promise.all(waiting)) {
    expect(error).toBeUndefined();
    expect(headers?.[':status']).toBe(404);
  }
  const paths = server.requests.slice(requestsBefore).map(({ path }) => path);
  expect(paths.filter((path) => path.startsWith('/waiting/')).sort()).toEqual(
    Array.from({ length: 10 }, (_, index) => `/waiting/${index}`),
  );
  await session.close();
});

async function ready(stream: ClientHttp3Stream): Promise<void> {
  if (stream.pending) await once(stream, 'ready');
}
