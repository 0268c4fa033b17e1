import { expect, it } from 'vitest';
import { FormData, Request } from '../../src/client/fetch/web-classes.js';
import { servePeer } from './support/fetch-peer.js';
import { answerWithRequest, received } from './support/request-bodies.js';

const BYTES = Uint8Array.of(0, 1, 254, 255);
const TEXT = Buffer.from(BYTES).toString('latin1');

it.each<[string, () => NonNullable<RequestInit['body']>, type: string | undefined, body: string]>([
  ['a string', () => 'grün', 'text/plain;charset=UTF-8', Buffer.from('grün').toString('latin1')],
  ['an empty string', () => '', 'text/plain;charset=UTF-8', ''],
  ['bytes', () => BYTES, undefined, TEXT],
  ['an ArrayBuffer', () => BYTES.slice().buffer, undefined, TEXT],
  ['a view of a part', () => new DataView(BYTES.buffer, 1, 2), undefined, TEXT.slice(1, 3)],
  [
    'URLSearchParams',
    () => new URLSearchParams({ a: 'b c' }),
    'application/x-www-form-urlencoded;charset=UTF-8',
    'a=b+c',
  ],
  ['a Blob', () => new Blob([BYTES], { type: 'x/y' }), 'x/y', TEXT],
  ['a Blob without type', () => new Blob([BYTES]), undefined, TEXT],
  ['a File', () => new File([BYTES], 'name', { type: 'x/y' }), 'x/y', TEXT],
])('%s is sent with its type and length', async (_, make, type, body) => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const response = await fetch(origin, { method: 'POST', body: make() });
  const request = await received(response);
  expect(request.body).toBe(body);
  expect(request.headers['content-type']).toBe(type);
  expect(request.headers['content-length']).toBe(String(body.length));
});

it('a Blob of several parts and 5 MiB arrives', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(`${request.headers['content-length']} ${bytes}`));
  });
  const part = new Uint8Array(1024 * 1024).fill(7);
  const body = new Blob([part, part, part, part, part]);
  expect(await (await fetch(origin, { method: 'PUT', body })).text()).toBe(`${body.size} ${body.size}`);
});

it.each([
  ['this package', FormData],
  ['the platform', globalThis.FormData],
])('FormData of %s is sent as multipart/form-data with its length', async (_, Form) => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const form = new Form();
  form.append('text', 'grün\nzwei');
  form.append('list', '1');
  form.append('list', '2');
  form.append('file', new File([BYTES], 'ä.bin', { type: 'x/y' }));
  form.append('blob', new Blob(['b']), 'renamed');
  const request = await received(await fetch(origin, { method: 'POST', body: form }));
  expect(request.headers['content-length']).toBe(String(request.body.length));
  const headers = { 'content-type': String(request.headers['content-type']) };
  expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  const body = Buffer.from(request.body, 'latin1');
  const parsed = await new globalThis.Response(body, { headers }).formData();
  expect(parsed.get('text')).toBe('grün\r\nzwei');
  expect(parsed.getAll('list')).toEqual(['1', '2']);
  const file = parsed.get('file') as File;
  expect({ name: file.name, type: file.type }).toEqual({ name: 'ä.bin', type: 'x/y' });
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(BYTES);
  expect((parsed.get('blob') as File).name).toBe('renamed');
});

it.each(['GET', 'HEAD'])('%s with a body is refused', async (method) => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  await expect(fetch(origin, { method, body: 'x' })).rejects.toThrow(TypeError);
});

it('a body is sent with DELETE, and none with POST if there is none', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  expect(await received(await fetch(origin, { method: 'DELETE', body: 'x' }))).toMatchObject({ body: 'x' });
  const { headers } = await received(await fetch(origin, { method: 'POST' }));
  expect(headers['content-length']).toBe('0');
});

it('a Request is sent with its method, header fields and body', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const request = new Request(`${origin}/path?query`, { method: 'PUT', headers: { 'x-a': '1' }, body: 'text' });
  expect(await received(await fetch(request))).toMatchObject({
    method: 'PUT',
    url: '/path?query',
    headers: { 'x-a': '1', 'content-length': '4' },
    body: 'text',
  });
  expect(request.bodyUsed).toBe(true);
  await expect(fetch(request)).rejects.toThrow(TypeError);
});
