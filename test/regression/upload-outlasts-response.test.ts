import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientHttp3Stream } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { settle } from '../support/settlement.js';
import { generateBody } from '../support/site-files.js';
import { waitUntil } from '../support/wait-until.js';

/** More than the server's window. */
const BODY = Buffer.concat([...generateBody(2 * 1024 * 1024)]);
const HALF = BODY.length / 2;
const ANSWER_FIRST = { ':method': 'POST', ':path': '/answer-first' };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

/** What the server got of the body of a request since then, which has to be all of it. */
async function expectWholeBody(stream: ClientHttp3Stream, since: number): Promise<void> {
  const body = await waitUntil('the whole body', () =>
    server.events.slice(since).find((event) => event.event === 'body' && event.stream === stream.id),
  );
  expect(body).toMatchObject({ bytes: BODY.length, sha256: createHash('sha256').update(BODY).digest('hex') });
  expect(server.events.slice(since).some(({ event }) => event === 'reset')).toBe(false);
}

function watch(stream: ClientHttp3Stream): string[] {
  const order: string[] = [];
  for (const name of ['end', 'finish', 'close']) stream.on(name, () => order.push(name));
  return order;
}

test('a response that ends first does not cut a given body', async () => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  let answered: () => void = () => undefined;
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  async function* source(): AsyncGenerator<Buffer> {
    yield BODY.subarray(0, HALF);
    await answer;
    yield BODY.subarray(HALF);
    order.push('source ended');
  }
  const stream = session.request(ANSWER_FIRST, { body: source() });
  const order = watch(stream);
  stream.on('end', answered);
  const { error, body } = await settle(stream);
  expect(error).toBeUndefined();
  expect(String(body)).toBe('answered');
  expect(order).toEqual(['end', 'source ended', 'finish', 'close']);
  expect(stream.bytesWritten).toBe(BODY.length);
  await expectWholeBody(stream, since);
  await session.close();
});

test('nor what is written', async () => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  const stream = session.request(ANSWER_FIRST);
  const order = watch(stream);
  const settled = settle(stream);
  stream.write(BODY.subarray(0, HALF));
  await once(stream, 'end');
  stream.end(BODY.subarray(HALF));
  expect((await settled).error).toBeUndefined();
  expect(order).toEqual(['end', 'finish', 'close']);
  await expectWholeBody(stream, since);
  await session.close();
});

test.each(['given', 'written'])("'finish' waits until QUIC has the whole %s body", async (how) => {
  const session = openSession(server.origin, identity);
  const since = server.requests.length;
  const headers = { ':method': 'POST', ':path': '/slow-reader' };
  const stream = session.request(headers, how === 'given' ? { body: BODY } : {});
  const order = watch(stream);
  const settled = settle(stream);
  if (how === 'written') stream.end(BODY);
  await waitUntil('the request to arrive', () => server.requests.length > since);
  // More than the server's window is still to be sent.
  expect(stream.bytesWritten).toBeLessThan(BODY.length);
  expect(order).toEqual([]);
  await server.release();
  expect((await settled).error).toBeUndefined();
  expect(order).toEqual(['finish', 'end', 'close']);
  await session.close();
});

test("'finish' of a request without a body comes when it is sent", async () => {
  const session = openSession(server.origin, identity);
  const stream = session.request({ ':path': '/stall' });
  const order = watch(stream);
  const settled = settle(stream);
  await once(stream, 'ready');
  await waitUntil("'finish'", () => order.length > 0);
  expect(order).toEqual(['finish']);
  stream.destroy();
  await settled;
  await session.close();
});
