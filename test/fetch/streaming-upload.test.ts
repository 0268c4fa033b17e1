import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { servePeer } from './support/fetch-peer.js';
import { answerWithRequest, received } from './support/request-bodies.js';

const MIB = 1024 * 1024;

it('sends each chunk of a stream when it comes, and no content-length', async () => {
  const chunks: string[] = [];
  let headers: IncomingMessage['headers'] = {};
  const { origin, server, fetch } = await servePeer((request, response) => {
    headers = request.headers;
    request.setEncoding('utf8').on('data', (chunk: string) => {
      chunks.push(chunk);
      server.emit('chunk');
    });
    request.on('end', () => response.end(chunks.join('+')));
  });
  let push: (chunk: string | undefined) => void = () => undefined;
  const body = new ReadableStream({
    start(controller) {
      push = (chunk) => (chunk === undefined ? controller.close() : controller.enqueue(Buffer.from(chunk)));
    },
  });
  const answer = fetch(origin, { method: 'POST', body, duplex: 'half' });
  for (const chunk of ['first', 'second', 'third']) {
    const arrived = once(server, 'chunk');
    push(chunk);
    await arrived;
  }
  expect(chunks).toEqual(['first', 'second', 'third']);
  push(undefined);
  expect(await (await answer).text()).toBe('first+second+third');
  expect(headers).not.toHaveProperty('content-length');
});

it('sends a large stream whole, and no faster than it is taken', async () => {
  const { origin, server, fetch } = await servePeer((request, response) => {
    const hash = createHash('sha256');
    server.once('read', () => {
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => response.end(hash.digest('hex')));
    });
    server.emit('request begun');
  });
  const begun = once(server, 'request begun');
  const block = randomBytes(64 * 1024);
  const total = 64 * MIB;
  const hash = createHash('sha256');
  let made = 0;
  async function* blocks(): AsyncGenerator<Uint8Array> {
    while (made < total) {
      made += block.length;
      hash.update(block);
      yield block;
    }
  }
  const answer = fetch(origin, { method: 'PUT', body: blocks(), duplex: 'half' });
  await begun;
  // Nothing can be awaited that does not happen: this is as long as the whole upload takes.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(made).toBeLessThan(total / 2);
  server.emit('read');
  expect(await (await answer).text()).toBe(hash.digest('hex'));
  expect(made).toBe(total);
});

it('a stream that fails resets the request, and its error is the cause', async () => {
  const { origin, server, fetch } = await servePeer((request, response) => {
    request.on('error', () => undefined);
    response.once('close', () => server.emit('broken'));
    request.once('data', () => server.emit('chunk'));
  });
  const chunk = once(server, 'chunk');
  const broken = once(server, 'broken');
  const failure = new Error('the disk is gone');
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('some');
    await chunk;
    throw failure;
  }
  await expect(fetch(origin, { method: 'POST', body: body(), duplex: 'half' })).rejects.toMatchObject({
    name: 'TypeError',
    cause: failure,
  });
  await broken;
});

it('the response is there before the upload ends', async () => {
  const { origin, fetch } = await servePeer((request, response) => {
    response.writeHead(200).flushHeaders();
    request.pipe(response);
  });
  let push: (chunk: string | undefined) => void = () => undefined;
  const body = new ReadableStream({
    start(controller) {
      push = (chunk) => (chunk === undefined ? controller.close() : controller.enqueue(Buffer.from(chunk)));
    },
  });
  const response = await fetch(origin, { method: 'POST', body, duplex: 'half' });
  expect(response.status).toBe(200);
  push('late');
  push(undefined);
  expect(await response.text()).toBe('late');
});

it('a stream without duplex is refused, and nothing is sent', async () => {
  let requests = 0;
  const { origin, fetch } = await servePeer((_, response) => {
    requests += 1;
    response.end();
  });
  await expect(fetch(origin, { method: 'POST', body: new ReadableStream() })).rejects.toThrow(/duplex/);
  expect(requests).toBe(0);
});

it('an empty stream is an empty body', async () => {
  const { origin, fetch } = await servePeer(answerWithRequest);
  const body = new ReadableStream({ start: (controller) => controller.close() });
  expect(await received(await fetch(origin, { method: 'POST', body, duplex: 'half' }))).toMatchObject({
    method: 'POST',
    body: '',
  });
});
