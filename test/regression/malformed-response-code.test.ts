import { afterAll, beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

const H3_MESSAGE_ERROR = 0x10e;

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

test.each([
  ['by our checks', '/malformed/content-length-too-long'],
  ['by our checks of the header section', '/malformed/content-length-twice'],
  ["by neqo's checks", '/malformed/upper-case-name'],
])('a stream that ends for a malformed response has the rstCode H3_MESSAGE_ERROR (%s)', async (_by, path) => {
  const session = openSession(server.origin, identity);
  const stream = session.request({ ':path': path });
  const { error } = await settle(stream);
  expect(error?.errorCode).toBe(H3_MESSAGE_ERROR);
  expect(stream.rstCode).toBe(H3_MESSAGE_ERROR);
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await session.close();
});
