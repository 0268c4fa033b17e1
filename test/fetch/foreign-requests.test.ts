import { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { FormData, Headers, Request } from '../../src/client/fetch/web-classes.js';
import { servePeer } from './support/fetch-peer.js';
import { answerWithRequest, received } from './support/request-bodies.js';

const GlobalRequest = globalThis.Request;

it('the platform has classes of its own', () => {
  expect(GlobalRequest).not.toBe(Request);
  expect(globalThis.FormData).not.toBe(FormData);
});

it("sends the platform's Request with its method, header fields and body", async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const request = new GlobalRequest(`${origin}/path?query`, {
    method: 'PUT',
    headers: new globalThis.Headers([
      ['x-a', '1'],
      ['x-a', '2'],
    ]),
    body: new Blob(['text'], { type: 'x/y' }),
  });
  expect(await received(await fetch(request))).toMatchObject({
    method: 'PUT',
    url: '/path?query',
    headers: { 'x-a': '1, 2', 'content-type': 'x/y' },
    body: 'text',
  });
  expect(request.bodyUsed).toBe(true);
});

it('a body that was used already is refused, and one that is replaced is left alone', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const request = new GlobalRequest(origin, { method: 'POST', body: 'own' });
  expect(await received(await fetch(request, { body: 'other' }))).toMatchObject({ method: 'POST', body: 'other' });
  expect(request.bodyUsed).toBe(false);
  expect(await received(await fetch(request))).toMatchObject({ body: 'own' });
  await expect(fetch(request)).rejects.toThrow(TypeError);
});

it('a Request without body has none', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const { headers, method } = await received(await fetch(new GlobalRequest(origin)));
  expect(method).toBe('GET');
  expect(headers).not.toHaveProperty('content-length');
});

it('members of init come before those of the Request', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const request = new GlobalRequest(origin, { method: 'PUT', headers: { 'x-a': '1', 'x-b': '2' }, body: 'own' });
  const init = { method: 'POST', headers: new globalThis.Headers({ 'x-a': '3' }) };
  const got = await received(await fetch(request, init));
  expect(got).toMatchObject({ method: 'POST', headers: { 'x-a': '3' }, body: 'own' });
  expect(got.headers).not.toHaveProperty('x-b');
});

it("the Request's signal aborts, and init's comes before it", async () => {
  const { origin, fetch } = await servePeer((_, response) => setTimeout(() => response.end('done'), 50));
  const controller = new AbortController();
  const request = new GlobalRequest(origin, { signal: controller.signal });
  const aborted = fetch(request);
  const spared = fetch(request, { signal: null });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  expect(await (await spared).text()).toBe('done');
});

it("the Request's redirect mode and integrity hold", async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/' });
    response.end('text');
  });
  const moved = await fetch(new GlobalRequest(`${origin}/moved`, { redirect: 'manual' }));
  expect(moved.status).toBe(302);
  await expect(fetch(new GlobalRequest(`${origin}/moved`, { redirect: 'error' }))).rejects.toThrow('fetch failed');
  const wrong = new GlobalRequest(origin, { integrity: `sha256-${Buffer.alloc(32).toString('base64')}` });
  await expect(fetch(wrong)).rejects.toThrow('fetch failed');
});

it('the members that say nothing here are accepted', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const members = {
    cache: 'no-store', // not in the types of Node 20
    credentials: 'omit',
    keepalive: true,
    mode: 'same-origin',
    referrer: '',
    referrerPolicy: 'no-referrer',
  } as const;
  const request = new GlobalRequest(origin, members);
  expect((await received(await fetch(request))).headers).toMatchObject({ 'cache-control': 'no-cache' });
});

it("a stream body of the platform's Request is streamed", async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    yield Buffer.from('b');
  }
  const init = { method: 'POST', body: ReadableStream.from(chunks()), duplex: 'half' as const };
  expect(await received(await fetch(new GlobalRequest(origin, init)))).toMatchObject({ body: 'ab' });
});

it('a Request may serve as init, of either kind', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  for (const Class of [Request, GlobalRequest]) {
    const init = new Class('https://other.example/', { method: 'DELETE', headers: { 'x-a': '1' } });
    expect(await received(await fetch(`${origin}/here`, init))).toMatchObject({
      method: 'DELETE',
      url: '/here',
      headers: { 'x-a': '1' },
    });
  }
});

it('every member that undici reads of init is passed on', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const read = (init: object, names: Set<string | symbol>): object =>
    new Proxy(init, {
      get: (target, name) => {
        names.add(name);
        return Reflect.get(target, name) as unknown;
      },
    });
  const undiciReads = new Set<string | symbol>();
  new Request(origin, read({}, undiciReads));
  const weRead = new Set<string | symbol>();
  await (await fetch(origin, read({}, weRead))).text();
  expect([...weRead].sort()).toEqual([...undiciReads].sort());
});

it("the platform's Headers keep several set-cookie fields apart in ours", () => {
  const theirs = new globalThis.Headers();
  theirs.append('set-cookie', 'a=1');
  theirs.append('set-cookie', 'b=2');
  // The types of Node 20 know undici 6.
  expect(new Headers(theirs as unknown as Headers).getSetCookie()).toEqual(['a=1', 'b=2']);
});
