import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createFetch } from '../../src/client/fetch/fetch.js';
import { CertificateError, Http3Error } from '../../src/errors.js';
import { findFreePort } from '../support/free-port.js';
import { OVER_H3, servePeer } from './support/fetch-peer.js';

it('nobody listens: fetch failed, and the cause says why', async () => {
  const { fetch } = await servePeer((_, response) => response.end());
  const port = await findFreePort('127.0.0.1');
  const error = await fetch(`https://127.0.0.1:${port}/`).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  expect((error as Error).cause).toMatchObject({ code: 'ECONNREFUSED' });
});

it.runIf(OVER_H3)('a certificate of nobody is refused', async () => {
  const { origin, makeAgent } = await servePeer((_, response) => response.end());
  const fetch = createFetch(makeAgent({ connect: {} }));
  const error = await fetch(origin).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  expect((error as Error).cause).toBeInstanceOf(CertificateError);
});

it('a name that does not resolve', async () => {
  const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  const { ca, makeAgent } = await servePeer((_, response) => response.end());
  const agent = makeAgent({ connect: { ca, lookup: (_host, _options, callback) => callback(failure, []) } });
  await expect(createFetch(agent)('https://nowhere.example/')).rejects.toMatchObject({
    message: 'fetch failed',
    cause: { code: 'ENOTFOUND' },
  });
});

it('no header section in time', async () => {
  const { origin, fetch } = await servePeer(() => undefined, { headersTimeout: 100 });
  await expect(fetch(origin)).rejects.toMatchObject({
    message: 'fetch failed',
    cause: { code: 'UND_ERR_HEADERS_TIMEOUT', name: 'HeadersTimeoutError' },
  });
});

it('no body bytes in time', async () => {
  const { origin, fetch } = await servePeer((_, response) => void response.write('some'), { bodyTimeout: 100 });
  const response = await fetch(origin);
  await expect(response.text()).rejects.toMatchObject({
    name: 'TypeError',
    message: 'terminated',
    cause: { code: 'UND_ERR_BODY_TIMEOUT', name: 'BodyTimeoutError' },
  });
});

it.runIf(OVER_H3)('the server breaks off the response', async () => {
  const { origin, server, fetch } = await servePeer((request, response) => {
    if (request.url === '/broken') {
      response.write('some');
      server.once('break', () => response.destroy());
    } else response.end('fine');
  });
  const response = await fetch(`${origin}/broken`);
  const text = response.text();
  server.emit('break');
  const error = await text.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TypeError', message: 'terminated' });
  expect((error as Error).cause).toBeInstanceOf(Http3Error);
  expect(await (await fetch(origin)).text()).toBe('fine');
});

it('the server goes away: every response ends', async () => {
  const { origin, server, fetch } = await servePeer((_, response) => void response.write('some'));
  const responses = await Promise.all(Array.from({ length: 10 }, () => fetch(origin)));
  const texts = Promise.allSettled(responses.map((response) => response.text()));
  const closed = once(server, 'close');
  server.destroy();
  for (const outcome of await texts) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'TypeError', message: 'terminated' } });
  }
  await closed;
});

it('an agent that is closed or destroyed', async () => {
  const { origin, agent, fetch } = await servePeer((_, response) => response.end());
  const closing = agent.close();
  await expect(fetch(origin)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/CLOSED|DESTROYED/) as string },
  });
  await closing;
  await expect(fetch(origin)).rejects.toMatchObject({ cause: { code: 'UND_ERR_DESTROYED' } });
});

it.each<[string, unknown, unknown]>([
  ['no URL', 'no url', undefined],
  ['a URL with credentials', 'https://user:password@127.0.0.1/', undefined],
  ['an unknown scheme', 'gopher://127.0.0.1/', undefined],
  ['a bad method', 'https://127.0.0.1/', { method: 'G T' }],
  ['a forbidden method', 'https://127.0.0.1/', { method: 'CONNECT' }],
  ['a bad header field', 'https://127.0.0.1/', { headers: { 'x y': '' } }],
  ['no dictionary', 'https://127.0.0.1/', 5],
  ['no signal', 'https://127.0.0.1/', { signal: {} }],
  ['a bad redirect mode', 'https://127.0.0.1/', { redirect: 'maybe' }],
])('%s is a TypeError', async (_, input, init) => {
  const { fetch } = await servePeer((_request, response) => response.end());
  await expect(fetch(input as string, init as object)).rejects.toBeInstanceOf(TypeError);
});
