import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

/** STOP_SENDING and RESET_STREAM with H3_REQUEST_REJECTED, as servers refuse requests whose body is still open. */
const REJECT = { ':method': 'POST', ':path': '/reset?code=0x10b&stop=1' };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

test('a request that is refused before its body was written is not sent again without it', async () => {
  const session = openSession(server.origin, identity);
  const since = server.requests.length;
  const stream = session.request(REJECT);
  const { error, events } = await settle(stream);
  expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b, safeToRetry: true });
  expect(events).toEqual(['ready', 'error', 'close']);
  expect(server.requests.slice(since)).toHaveLength(1);
  await session.close();
});

test('one with a given body is sent again', async () => {
  const session = openSession(server.origin, identity);
  const since = server.requests.length;
  // More than the window, so that it is still being sent when it is refused.
  const { error, events } = await fetchBytes(session, REJECT, { body: Buffer.alloc(4 * 1024 * 1024) });
  expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b });
  expect(events.filter((event) => event === 'ready')).toHaveLength(6);
  expect(server.requests.slice(since)).toHaveLength(6);
  await session.close();
});
