import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { bodySha256, generateBody } from '../support/site-files.js';
import { waitUntil } from '../support/wait-until.js';

const STREAM_LIMIT = 3;

let identity: TestIdentity;

beforeAll(async () => {
  identity = await makeIdentity();
});

describe('GOAWAY', () => {
  let server: AioquicServer;

  beforeEach(async () => {
    server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: STREAM_LIMIT });
  });

  afterEach(() => server.stop());

  const handshakes = (): number => server.events.filter(({ event }) => event === 'handshake').length;

  it('lets the requests under way finish, and those that wait go to a new connection, each exactly once', async () => {
    const session = openSession(server.origin, identity);
    let goaways = 0;
    session.on('goaway', () => {
      goaways += 1;
    });
    const running = Array.from({ length: STREAM_LIMIT }, () =>
      session.request({ ':path': '/slow-writer?count=5&length=100&interval=50' }),
    );
    const runningSettled = running.map((stream) => settle(stream));
    await Promise.all(running.map((stream) => once(stream, 'data')));
    const waiting = Array.from({ length: 20 }, (_, index) =>
      fetchBytes(session, { ':method': 'POST', ':path': `/waiting/${index}` }, { body: `body ${index}` }),
    );
    await server.goaway();

    for (const { error, bytes } of await Promise.all(runningSettled)) {
      expect({ error, bytes }).toEqual({ error: undefined, bytes: 500 });
    }
    for (const { error, headers, events } of await Promise.all(waiting)) {
      expect(error).toBeUndefined();
      expect(headers?.[':status']).toBe(404);
      // Sent once only: the first connection never gave them a stream.
      expect(events.filter((event) => event === 'ready')).toHaveLength(1);
    }
    expect(goaways).toBe(1);
    await waitUntil('the second handshake', () => handshakes() === 2);
    const paths = server.requests.map(({ path }) => path);
    for (let index = 0; index < waiting.length; index += 1) {
      expect(paths.filter((path) => path === `/waiting/${index}`)).toHaveLength(1);
    }
    await session.close();
  });

  it('sends requests that it declares unprocessed again on a new connection', async () => {
    const session = openSession(server.origin, identity);
    // Stream 0 stays; 4 is sent but, says the server, not processed.
    const first = session.request({ ':path': '/slow-writer?count=5&length=100&interval=50' });
    const firstSettled = settle(first);
    await once(first, 'data');
    const refused = fetchBytes(session, { ':path': '/refused' });
    const goodbye = fetchBytes(session, { ':path': '/goaway?id=4' });

    expect(await firstSettled).toMatchObject({ error: undefined, bytes: 500 });
    const again = await refused;
    expect(again.error).toBeUndefined();
    expect(again.headers?.[':status']).toBe(404);
    // The request for the GOAWAY was refused too, and answered by a GOAWAY that concerned nobody on the new connection.
    expect(await goodbye).toMatchObject({ error: undefined });
    await session.close();
  });

  it('moves waiting requests with their bodies, of which nothing was taken yet', async () => {
    const session = openSession(server.origin, identity);
    const running = Array.from({ length: STREAM_LIMIT }, () => session.request({ ':path': '/stall?after=1' }));
    const runningSettled = running.map((stream) => settle(stream));
    await Promise.all(running.map((stream) => once(stream, 'data')));
    const bytes = 1_000_000;
    const post = { ':method': 'POST', ':path': '/digest' };
    const given = fetchBytes(session, post, { body: Readable.from(generateBody(bytes)) });
    const written = session.request(post);
    const writtenSettled = settle(written);
    written.end(Buffer.concat([...generateBody(bytes)]));
    await server.goaway();
    for (const { error, body } of await Promise.all([given, writtenSettled])) {
      expect(error).toBeUndefined();
      expect(JSON.parse(body.toString())).toEqual({ bytes, sha256: bodySha256(bytes) });
    }
    for (const stream of running) stream.close();
    await Promise.all(runningSettled);
    await session.close();
  });

  it('without requests makes the next request open a new connection', async () => {
    const session = openSession(server.origin, identity);
    await fetchBytes(session);
    const goaway = once(session, 'goaway');
    await server.goaway();
    await goaway;
    expect(session.connected).toBe(false);
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await waitUntil('the second handshake', () => handshakes() === 2);
    await session.close();
  });

  it('does not keep a graceful close from finishing what waits', async () => {
    const session = openSession(server.origin, identity);
    const settled = Array.from({ length: STREAM_LIMIT + 3 }, () =>
      fetchBytes(session, { ':path': '/slow-writer?count=3&length=10&interval=50' }),
    );
    await once(session, 'connect');
    const closed = session.close();
    await server.goaway();
    for (const { error, bytes } of await Promise.all(settled)) {
      expect({ error, bytes }).toEqual({ error: undefined, bytes: 30 });
    }
    await closed;
  });
});

describe('a request refused with H3_REQUEST_REJECTED', () => {
  let server: AioquicServer;

  beforeAll(async () => {
    server = await AioquicServer.start({ certificate: identity.certificate });
  });

  afterAll(() => server.stop());

  const sent = (since: number): number => server.requests.slice(since).filter(({ path }) => path === '/reset').length;

  it.each([
    ['without a body', { ':method': 'GET' }, undefined],
    ['with a string', { ':method': 'POST' }, 'a body'],
    ['with bytes', { ':method': 'PUT' }, Buffer.alloc(100_000)],
  ])('is sent again %s, five times at most', async (_what, headers, body) => {
    const session = openSession(server.origin, identity);
    const since = server.requests.length;
    const options = body === undefined ? {} : { body };
    const { error, events } = await fetchBytes(session, { ...headers, ':path': '/reset?code=0x10b' }, options);
    expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b, safeToRetry: true, local: false });
    expect(events).toEqual([...Array.from({ length: 6 }, () => 'ready'), 'error', 'close']);
    expect(sent(since)).toBe(6);
    await session.close();
  });

  it('is not sent again when a part of a stream body was taken', async () => {
    const session = openSession(server.origin, identity);
    const since = server.requests.length;
    async function* body(): AsyncGenerator<string> {
      yield 'once';
      yield 'only';
    }
    const headers = { ':method': 'POST', ':path': '/reset?code=0x10b' };
    const { error, events } = await fetchBytes(session, headers, { body: body() });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b, safeToRetry: true });
    expect(events).toEqual(['ready', 'error', 'close']);
    expect(sent(since)).toBe(1);
    await session.close();
  });

  it('is not sent again when a part of the response was delivered', async () => {
    const session = openSession(server.origin, identity);
    const since = server.requests.length;
    const settled = await fetchBytes(session, { ':path': '/reset?after=10&delay=300&code=0x10b' });
    expect(settled.error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b });
    expect(settled.events).toEqual(['ready', 'response', 'data', 'error', 'close']);
    expect(sent(since)).toBe(1);
    await session.close();
  });
});
