import { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { type FetchPeer, servePeer } from './support/fetch-peer.js';
import { answerWithRequest, received } from './support/request-bodies.js';

/** Redirects `/303/path` with that status to `/path`, and `/loop` to itself; answers all else with the request. */
function serveRedirects(): Promise<FetchPeer> {
  return servePeer((request, response) => {
    const [, status, ...rest] = (request.url ?? '').split('/');
    if (status === 'loop') response.writeHead(302, { location: '/loop' });
    else if (status?.match(/^3\d\d$/)) response.writeHead(Number(status), { location: `/${rest.join('/')}` });
    else return void answerWithRequest(request, response);
    request.resume();
    response.end('moved');
  });
}

it.each([
  [301, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [303, 'POST', 'GET', ''],
  [303, 'PUT', 'GET', ''],
  [307, 'POST', 'POST', 'text'],
  [308, 'POST', 'POST', 'text'],
  [301, 'PUT', 'PUT', 'text'],
  [302, 'DELETE', 'DELETE', 'text'],
])('%i turns a %s with a body into %s', async (status, method, becomes, body) => {
  const { origin, fetch } = await serveRedirects();
  const response = await fetch(`${origin}/${status}/there`, { method, body: 'text' });
  expect({ url: response.url, redirected: response.redirected }).toEqual({ url: `${origin}/there`, redirected: true });
  const request = await received(response);
  expect(request).toMatchObject({ method: becomes, url: '/there', body });
  if (body === '') expect(request.headers).not.toHaveProperty('content-type');
  else expect(request.headers['content-type']).toBe('text/plain;charset=UTF-8');
});

it.each([303, 307, 308])('%i leaves GET and HEAD what they are', async (status) => {
  const { origin, fetch } = await serveRedirects();
  expect(await received(await fetch(`${origin}/${status}/there`))).toMatchObject({ method: 'GET' });
  const head = await fetch(`${origin}/${status}/there`, { method: 'HEAD' });
  expect({ status: head.status, url: head.url }).toEqual({ status: 200, url: `${origin}/there` });
});

it('follows one redirect after another, keeping a Blob and FormData', async () => {
  const { origin, fetch } = await serveRedirects();
  const form = new FormData();
  form.set('name', 'value');
  const url = `${origin}/307/308/307/there`;
  const blob = await received(await fetch(url, { method: 'POST', body: new Blob(['blob']) }));
  expect(blob.body).toBe('blob');
  const { headers, body } = await received(await fetch(url, { method: 'POST', body: form }));
  const parsed = await new Response(body, {
    headers: { 'content-type': String(headers['content-type']) },
  }).formData();
  expect(parsed.get('name')).toBe('value');
});

it.each([307, 308])('%i cannot repeat a stream, 303 need not', async (status) => {
  const { origin, fetch } = await serveRedirects();
  const stream = () => ReadableStream.from([Buffer.from('text')]);
  const post = () => ({ method: 'POST', body: stream(), duplex: 'half' as const });
  await expect(fetch(`${origin}/${status}/there`, post())).rejects.toThrow('fetch failed');
  expect(await received(await fetch(`${origin}/303/there`, post()))).toMatchObject({ method: 'GET', body: '' });
});

it("redirect: 'manual' gives the redirect, 'error' refuses it", async () => {
  const { origin, fetch } = await serveRedirects();
  const response = await fetch(`${origin}/302/there`, { redirect: 'manual' });
  expect({ status: response.status, location: response.headers.get('location') }).toEqual({
    status: 302,
    location: '/there',
  });
  await response.text();
  await expect(fetch(`${origin}/302/there`, { redirect: 'error' })).rejects.toThrow('fetch failed');
});

it('gives up after 20 redirects', async () => {
  const { origin, fetch } = await serveRedirects();
  await expect(fetch(`${origin}/loop`)).rejects.toMatchObject({ cause: { message: 'redirect count exceeded' } });
});

it('credentials do not go along to another origin', async () => {
  const { origin: there } = await serveRedirects();
  const { origin, fetch } = await servePeer((_, response) => response.writeHead(307, { location: `${there}/x` }).end());
  const headers = { authorization: 'Basic secret', cookie: 'a=b', 'x-a': '1' };
  const request = await received(await fetch(origin, { headers }));
  expect(request.headers).toMatchObject({ 'x-a': '1' });
  expect(request.headers).not.toHaveProperty('authorization');
  expect(request.headers).not.toHaveProperty('cookie');
});

it('the fragment and a relative location are resolved', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    if (request.url === '/a/b') response.writeHead(302, { location: '../c?d' });
    response.end();
  });
  expect((await fetch(`${origin}/a/b#fragment`)).url).toBe(`${origin}/c?d`);
});
