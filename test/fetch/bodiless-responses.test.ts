import { expect, it } from 'vitest';
import { servePeer } from './support/fetch-peer.js';

it('HEAD has the fields of GET, content-length included, and no body', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    response.writeHead(200, { 'content-length': 1234, 'x-method': request.method ?? '' });
    response.end(request.method === 'HEAD' ? undefined : 'x'.repeat(1234));
  });
  const head = await fetch(origin, { method: 'HEAD' });
  expect(Object.fromEntries(head.headers)).toMatchObject({ 'content-length': '1234', 'x-method': 'HEAD' });
  expect(await head.text()).toBe('');
  expect((await (await fetch(origin)).text()).length).toBe(1234);
});

it.each([204, 205, 304])('%i has a null body', async (status) => {
  const { origin, fetch } = await servePeer((_, response) => response.writeHead(status, { 'x-a': '1' }).end());
  const response = await fetch(origin);
  expect({ status: response.status, field: response.headers.get('x-a') }).toEqual({ status, field: '1' });
  expect(response.body).toBeNull();
  expect(await response.text()).toBe('');
});

it('304 may say the length of what it stands for', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(304, { 'content-length': 5000, etag: '"a"' }).end();
  });
  const response = await fetch(origin, { headers: { 'if-none-match': '"a"' } });
  expect({ status: response.status, etag: response.headers.get('etag') }).toEqual({ status: 304, etag: '"a"' });
});

it('200 without a body is an empty one', async () => {
  const { origin, fetch } = await servePeer((_, response) => response.end());
  const response = await fetch(origin);
  expect({ ok: response.ok, text: await response.text() }).toEqual({ ok: true, text: '' });
});

it('1,000 of them, one after another and 100 at a time, leave nothing behind', async () => {
  const { origin, server, fetch } = await servePeer((_, response) => response.writeHead(204).end());
  for (let round = 0; round < 10; round += 1) {
    const responses = await Promise.all(Array.from({ length: 100 }, () => fetch(origin, { method: 'HEAD' })));
    expect(responses.every(({ status }) => status === 204)).toBe(true);
  }
  expect([...server.connections].length).toBeLessThanOrEqual(1);
});
