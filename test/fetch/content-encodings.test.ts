import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { servePeer } from './support/fetch-peer.js';

const TEXT = 'a text that is long enough to be compressed. '.repeat(2000);
const zstd = Reflect.get(zlib, 'zstdCompressSync') as ((data: string) => Buffer) | undefined;

const ENCODINGS: [string, (data: string) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['GZip', zlib.gzipSync],
  ['br', zlib.brotliCompressSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['br, gzip', (data) => zlib.gzipSync(zlib.brotliCompressSync(data))],
];

describe.each(ENCODINGS)('content-encoding %s', (encoding, encode) => {
  it('is decoded, and the fields stay', async () => {
    const body = encode(TEXT);
    const { origin, fetch } = await servePeer((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-length': body.length }).end(body);
    });
    const response = await fetch(origin);
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('content-length')).toBe(String(body.length));
    expect(await response.text()).toBe(TEXT);
  });

  it('is decoded as it comes', async () => {
    const body = encode(randomBytes(300_000).toString('hex'));
    const half = body.length >> 1;
    const { origin, server, fetch } = await servePeer((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).write(body.subarray(0, half));
      server.once('go on', () => response.end(body.subarray(half)));
    });
    const reader = (await fetch(origin)).body?.getReader();
    const first = await reader?.read();
    expect(first?.done).toBe(false);
    server.emit('go on');
    let bytes: number = first?.value?.length ?? 0;
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) bytes += next.value.length;
    expect(bytes).toBe(600_000);
  });
});

// Node 20 has no Zstandard: fetch gives the bytes as they are then.
it('zstd is decoded where Node can', async () => {
  const body = zstd?.(TEXT) ?? Buffer.from('as it is');
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'zstd' }).end(body);
  });
  expect(await (await fetch(origin)).text()).toBe(zstd === undefined ? 'as it is' : TEXT);
});

it('an unknown encoding is left alone', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'rot13' }).end('grkg');
  });
  expect(await (await fetch(origin)).text()).toBe('grkg');
});

it('a body that is not what it says it is fails, and spares the next request', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    if (request.url === '/broken') response.setHeader('content-encoding', 'gzip');
    response.end('no gzip at all');
  });
  const response = await fetch(`${origin}/broken`);
  await expect(response.text()).rejects.toThrow(TypeError);
  expect(await (await fetch(origin)).text()).toBe('no gzip at all');
});

it.each([
  ['HEAD', 200],
  ['GET', 204],
  ['GET', 304],
])('%s with status %i and a content-encoding has no body to decode', async (method, status) => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(status, { 'content-encoding': 'gzip' }).end();
  });
  const response = await fetch(origin, { method });
  expect({ status: response.status, text: await response.text() }).toEqual({ status, text: '' });
});

it('an empty body with a content-encoding is empty', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end();
  });
  expect(await (await fetch(origin)).text()).toBe('');
});

it('more than five encodings are refused', async () => {
  const { origin, fetch } = await servePeer((_, response) => {
    response.writeHead(200, { 'content-encoding': Array(6).fill('gzip').join(', ') }).end('x');
  });
  await expect(fetch(origin)).rejects.toMatchObject({
    cause: { message: expect.stringContaining('too many') as string },
  });
});

it('says which encodings it takes', async () => {
  const { origin, fetch } = await servePeer((request, response) => response.end(request.headers['accept-encoding']));
  expect(await (await fetch(origin)).text()).toContain('gzip');
});
