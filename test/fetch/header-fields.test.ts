import { expect, it } from 'vitest';
import { Headers } from '../../src/client/fetch/web-classes.js';
import { OVER_H3, servePeer } from './support/fetch-peer.js';
import { answerWithRequest, received } from './support/request-bodies.js';

it('several set-cookie fields stay apart', async () => {
  const cookies = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'a=3'];
  const { origin, fetch } = await servePeer((_, response) => response.setHeader('set-cookie', cookies).end());
  const { headers } = await fetch(origin);
  expect(headers.getSetCookie()).toEqual(cookies);
  expect([...headers].filter(([name]) => name === 'set-cookie')).toEqual(
    cookies.map((cookie) => ['set-cookie', cookie]),
  );
});

it('other fields of one name are joined', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.setHeader('x-list', ['a', 'b, c']).end());
  expect((await fetch(origin)).headers.get('x-list')).toBe('a, b, c');
});

it('a cookie field is sent as it is given', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const response = await fetch(origin, { headers: { Cookie: 'a=1; b=2; c="x y"' } });
  expect((await received(response)).headers.cookie).toBe('a=1; b=2; c="x y"');
});

it('fetch adds what the standard says', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const { headers } = await received(await fetch(origin));
  expect(headers).toMatchObject({ accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors' });
  const own = await received(await fetch(origin, { headers: new Headers({ Accept: 'x/y', 'user-agent': 'mine' }) }));
  expect(own.headers).toMatchObject({ accept: 'x/y', 'user-agent': 'mine' });
});

it.runIf(OVER_H3)('bytes above ASCII are latin1 in both directions', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    response.setHeader('x-echo', request.headers['x-umlaut'] ?? '').end();
  });
  const response = await fetch(origin, { headers: { 'x-umlaut': 'gr\u00fcn \u00ff' } });
  expect(response.headers.get('x-echo')).toBe('gr\u00fcn \u00ff');
});

it('10,000 bytes of header fields arrive, both ways', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    for (let index = 0; index < 10; index += 1) response.setHeader(`x-${index}`, request.headers[`x-${index}`] ?? '');
    response.end();
  });
  const fields = Array.from(
    { length: 10 },
    (_, index) => [`x-${index}`, String(index).repeat(1000)] as [string, string],
  );
  const { headers } = await fetch(origin, { headers: fields });
  expect([...headers].filter(([name]) => name.startsWith('x-'))).toEqual(fields);
});

it.runIf(OVER_H3)(
  'more than maxHeaderSize fails with UND_ERR_HEADERS_OVERFLOW as the cause, and spares other requests',
  async () => {
    const { origin, fetch } = await servePeer(
      (request, response) => {
        if (request.url === '/long') response.setHeader('x-long', 'x'.repeat(5000));
        response.end('fine');
      },
      { maxHeaderSize: 4096 },
    );
    const [long, short] = await Promise.allSettled([fetch(`${origin}/long`), fetch(origin)]);
    expect(long).toMatchObject({
      status: 'rejected',
      reason: { name: 'TypeError', message: 'fetch failed', cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } },
    });
    expect(short).toMatchObject({ status: 'fulfilled' });
    expect(await (await fetch(origin)).text()).toBe('fine');
  },
);

it.runIf(OVER_H3)('200 fields arrive', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    for (let index = 0; index < 200; index += 1) response.setHeader(`x-${index}`, String(index));
    response.end();
  });
  const { headers } = await fetch(origin);
  expect(Array.from({ length: 200 }, (_, index) => headers.get(`x-${index}`))).toEqual(
    Array.from({ length: 200 }, (_, index) => String(index)),
  );
});

it.each(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'content-length'])(
  'a %s field of the user does not reach HTTP/3 as it is',
  async (name) => {
    const { origin, fetch } = await servePeer(answerWithRequest);
    const value = { 'content-length': '3', connection: 'keep-alive' }[name] ?? 'chunked';
    const [outcome] = await Promise.allSettled([
      fetch(origin, { method: 'POST', body: 'text', headers: { [name]: value } }),
    ]);
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(TypeError);
    else expect((await received(outcome.value)).headers[name]).toBe(name === 'content-length' ? '4' : undefined);
  },
);
