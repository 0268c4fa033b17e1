import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

const LARGE = Buffer.alloc(4 * 1024 * 1024);
const POST = { ':method': 'POST' };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

test.each(['0x100', '0x102', '0x10b', '0x10c'])(
  'a complete response is read though its reader begins after STOP_SENDING %s',
  async (code) => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ...POST, ':path': `/stop-sending?code=${code}` });
    const settled = settle(stream, false);
    // More than the window takes: the write is done with only when nobody wants it any more.
    await new Promise<void>((resolve) => {
      stream.write(LARGE, () => resolve());
    });
    stream.end();
    expect(String(Buffer.concat(await stream.toArray()))).toBe('enough');
    const { error, headers } = await settled;
    expect(error).toBeUndefined();
    expect(headers?.[':status']).toBe(200);
    expect(stream.rstCode).toBe(0x100);
    await session.close();
  },
);

test('STOP_SENDING and a reset instead of a response is an error', async () => {
  const session = openSession(server.origin, identity);
  const stream = session.request({ ...POST, ':path': '/reset?stop=1&code=0x10c' });
  const settled = settle(stream);
  stream.write(LARGE);
  const { error } = await settled;
  expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10c, local: false });
  await session.close();
});

test.each(['read', 'unread'])('a complete response, %s, outlives its connection while the upload runs', async (how) => {
  const session = openSession(server.origin, identity);
  const stream = session.request(POST);
  const settled = settle(stream, how === 'read');
  stream.write('some of it');
  await waitUntil('the end of the response', () => stream.timings.end !== undefined);
  const lost = once(session, 'disconnect');
  await server.close(0x102);
  await lost;
  stream.end('the rest, which nobody gets');
  if (how === 'unread') expect(String(Buffer.concat(await stream.toArray()))).toBe('hello\n');
  const { error, events } = await settled;
  expect(error).toBeUndefined();
  expect(events.slice(-2)).toEqual(['end', 'close']);
  expect(stream.rstCode).toBe(0x100);
  await session.close();
});

test('the source of a given body is ended then', async () => {
  const session = openSession(server.origin, identity);
  let proceed: () => void = () => undefined;
  const pause = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  let ended = false;
  async function* source(): AsyncGenerator<string> {
    try {
      yield 'some of it';
      await pause;
      yield 'the rest, which nobody gets';
    } finally {
      ended = true;
    }
  }
  const stream = session.request(POST, { body: source() });
  const settled = settle(stream);
  await once(stream, 'end');
  const lost = once(session, 'disconnect');
  await server.close(0x102);
  await lost;
  const { error, bytes } = await settled;
  expect({ error, bytes }).toEqual({ error: undefined, bytes: 6 });
  proceed();
  await waitUntil('the source to end', () => ended);
  await session.close();
});
