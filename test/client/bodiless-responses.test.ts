import { afterAll, beforeAll, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

let identity: TestIdentity;
let server: AioquicServer;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
  caddy = await startCaddy({ certificate: identity.certificate, files: { file: 100_000 } });
});

afterAll(async () => {
  await caddy?.stop();
  await server?.stop();
});

it.each([200, 204, 205, 304, 404, 500, 599, 999])(
  'a response %i without a body ends with its headers',
  async (code) => {
    const session = openSession(server.origin, identity);
    const { headers, bytes, error, events } = await fetchBytes(session, { ':path': `/status?code=${code}` });
    expect({ error, bytes, status: headers?.[':status'] }).toEqual({ error: undefined, bytes: 0, status: code });
    expect(events).toEqual(['ready', 'response', 'end', 'close']);
    await session.close();
  },
);

it('a response to HEAD may name the length of the body that it does not have', async () => {
  const session = openSession(caddy.origin, identity);
  const { headers, bytes, error } = await fetchBytes(session, { ':method': 'HEAD', ':path': '/file' });
  expect(error).toBeUndefined();
  expect(headers).toMatchObject({ ':status': 200, 'content-length': '100000' });
  expect(bytes).toBe(0);
  await session.close();
});

it('a response to HEAD with a body is malformed', async () => {
  const session = openSession(server.origin, identity);
  const { error } = await fetchBytes(session, { ':method': 'HEAD', ':path': '/' });
  expect(error).toMatchObject({ code: 'ERR_HTTP3_MESSAGE' });
  await session.close();
});

it('a response 304 of Caddy has no body', async () => {
  const session = openSession(caddy.origin, identity);
  const first = await fetchBytes(session, { ':path': '/file' });
  const etag = first.headers?.etag;
  expect(etag).toBeTypeOf('string');
  const { headers, bytes, error } = await fetchBytes(session, { ':path': '/file', 'if-none-match': String(etag) });
  expect({ error, bytes, status: headers?.[':status'] }).toEqual({ error: undefined, bytes: 0, status: 304 });
  await session.close();
});
