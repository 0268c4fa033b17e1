import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OutgoingHeaders, RequestContentLengthMismatchError, type RequestOptions } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

const REFUSED: Readonly<Record<string, readonly [OutgoingHeaders, RequestOptions]>> = {
  'GET without a body': [{ 'content-length': 5 }, {}],
  'HEAD without a body': [{ ':method': 'HEAD', 'content-length': '1' }, {}],
  'POST that ends at once': [{ ':method': 'POST', 'content-length': 5 }, { endStream: true }],
  'a shorter string': [{ ':method': 'POST', 'content-length': 5 }, { body: 'four' }],
  'a longer Buffer': [{ ':method': 'PUT', 'content-length': 5 }, { body: Buffer.alloc(6) }],
  'an empty string': [{ ':method': 'POST', 'content-length': 1 }, { body: '' }],
};

test.each(Object.entries(REFUSED))(
  'a content-length that is wrong is refused at once: %s',
  async (_what, [headers, options]) => {
    const session = openSession(server.origin, identity);
    const request = (): unknown => session.request({ ...headers, ':path': '/never' }, options);
    expect(request).toThrow(RequestContentLengthMismatchError);
    expect(session).toMatchObject({ pendingRequests: 0, runningRequests: 0 });
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    expect(server.requests.some(({ path }) => path === '/never')).toBe(false);
    await session.close();
  },
);

test.each([
  ['GET', 0, undefined],
  ['POST', 0, ''],
  ['POST', 4, 'four'],
  ['POST', 6, Buffer.from('h\u00e9llo')],
])('one that is right is sent: %s %i', async (method, length, body) => {
  const session = openSession(server.origin, identity);
  const headers = { ':method': method, ':path': '/request-headers', 'content-length': length };
  const settled = await fetchBytes(session, headers, body === undefined ? {} : { body });
  const fields = JSON.parse(String(settled.body)) as [string, string][];
  expect(fields.filter(([name]) => name === 'content-length')).toEqual([['content-length', String(length)]]);
  await session.close();
});
