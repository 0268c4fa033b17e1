import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BodyInit, RequestContentLengthMismatchError } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

async function serverHeardReset(since: number): Promise<number> {
  const event = await waitUntil('RESET_STREAM', () =>
    server.events.slice(since).find((each) => each.event === 'reset'),
  );
  return event.event === 'reset' ? event.code : -1;
}

async function* failing(): AsyncGenerator<string> {
  yield 'the beginning';
  throw new RangeError('out of bytes');
}

describe('a request body that fails ends the request with its error as cause', () => {
  const CASES: Readonly<Record<string, () => BodyInit>> = {
    'an async generator': failing,
    'a Readable': () => Readable.from(failing()),
    'a web stream': () => Readable.toWeb(Readable.from(failing())) as unknown as AsyncIterable<unknown>,
    'an iterable': function* () {
      yield 'the beginning';
      throw new RangeError('out of bytes');
    } as () => Iterable<string>,
  };

  it.each(Object.entries(CASES))('%s', async (_what, make) => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    const { error, events } = await fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body: make() });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_REQUEST_BODY', safeToRetry: false });
    expect(error?.cause).toMatchObject({ name: 'RangeError', message: 'out of bytes' });
    expect(events).toEqual(['ready', 'error', 'close']);
    expect(await serverHeardReset(since)).toBe(0x10c);
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });

  it.each([[{}], [17], [null]])('a chunk of %j', async (chunk) => {
    const session = openSession(server.origin, identity);
    const body = [chunk] as unknown as Iterable<unknown>;
    const { error } = await fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_REQUEST_BODY' });
    expect(error?.cause).toBeInstanceOf(TypeError);
    await session.close();
  });
});

describe('a request body that is not as long as its content-length', () => {
  it.each([
    ['longer', 5],
    ['shorter', 1000],
  ])('of unknown length: %s fails the request, and the server never sees it complete', async (_what, length) => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    const headers = { ':method': 'POST', ':path': '/digest', 'content-length': length };
    const { error } = await fetchBytes(session, headers, { body: Readable.from(['sixteen ', 'letters.']) });
    expect(error).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', safeToRetry: false });
    expect(await serverHeardReset(since)).toBe(0x10c);
    await session.close();
  });

  it.each([
    ['longer', 'too much', 3],
    ['shorter', 'too little', 100],
  ])('of known length: %s is refused before anything is sent', async (_what, body, length) => {
    const session = openSession(server.origin, identity);
    const headers = { ':method': 'POST', ':path': '/digest', 'content-length': length };
    expect(() => session.request(headers, { body })).toThrow(RequestContentLengthMismatchError);
    expect((await fetchBytes(session)).error).toBeUndefined();
    await session.close();
  });

  it.each([
    ['more', 5],
    ['less', 1000],
  ])('%s of it written to the stream fails the request', async (_what, length) => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':method': 'POST', ':path': '/digest', 'content-length': length });
    const settled = settle(stream);
    stream.end('sixteen letters.');
    const { error, events } = await settled;
    expect(error).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' });
    expect(events.slice(-2)).toEqual(['error', 'close']);
    await session.close();
  });
});

it('the body of a request that cannot be sent is ended', async () => {
  const session = openSession(server.origin, identity);
  const body = Readable.from(['never read']);
  const stream = session.request({ ':method': 'POST' }, { body });
  const settled = settle(stream);
  session.destroy();
  expect((await settled).error).toMatchObject({ code: 'UND_ERR_DESTROYED' });
  await waitUntil('the body to be destroyed', () => body.destroyed);
});
