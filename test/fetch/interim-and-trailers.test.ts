import { expect, it } from 'vitest';
import { servePeer } from './support/fetch-peer.js';

it('103 and 102 pass by: the final response counts', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.writeProcessing();
    response.writeEarlyHints({ link: '</other.css>; rel=preload; as=style' });
    response.writeHead(201, { 'x-final': 'yes' }).end('final');
  });
  const response = await fetch(origin);
  expect({
    status: response.status,
    link: response.headers.get('link'),
    final: response.headers.get('x-final'),
  }).toEqual({ status: 201, link: null, final: 'yes' });
  expect(await response.text()).toBe('final');
});

it('interim responses come before an upload is complete', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    request.pipe(response);
  });
  const body = 'x'.repeat(300_000);
  expect(await (await fetch(origin, { method: 'POST', body })).text()).toBe(body);
});

// The Fetch standard has no way to give trailers to anyone.
it('trailers end the body and are no header fields', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.setHeader('trailer', 'x-digest');
    response.write('body');
    response.addTrailers({ 'x-digest': 'abc', 'x-second': 'two' });
    response.end();
  });
  const response = await fetch(origin);
  expect(await response.text()).toBe('body');
  expect(response.headers.get('trailer')).toBe('x-digest');
  expect(response.headers.has('x-digest')).toBe(false);
});

it('trailers without a body', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.addTrailers({ 'x-digest': 'abc' });
    response.end();
  });
  expect(await (await fetch(origin)).text()).toBe('');
});
