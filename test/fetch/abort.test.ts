import { once } from 'node:events';
import { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { Request } from '../../src/client/fetch/web-classes.js';
import { waitUntil } from '../support/wait-until.js';
import { type FetchPeer, servePeer } from './support/fetch-peer.js';

/** Answers `/stall` never, and `/half` with a body that does not end; emits 'begun' and 'gone' for each. */
function serveStalling(): Promise<FetchPeer> {
  return servePeer((request, response) => {
    const { server } = peer;
    response.on('close', () => server.emit('gone', response.writableFinished));
    if (request.url === '/half') response.write('half');
    else if (request.url !== '/stall') response.end('whole');
    server.emit('begun');
  }).then((opened) => {
    peer = opened;
    return opened;
  });
}

let peer: FetchPeer;

it('before the header section: fetch rejects with the reason, and the server sees the request go', async () => {
  const { origin, server, fetch } = await serveStalling();
  const begun = once(server, 'begun');
  const gone = once(server, 'gone');
  const controller = new AbortController();
  const answer = fetch(`${origin}/stall`, { signal: controller.signal });
  await begun;
  controller.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  expect(await gone).toEqual([false]);
  expect(await (await fetch(origin)).text()).toBe('whole');
});

it('in mid-body: reading rejects with the reason, and the server sees the request go', async () => {
  const { origin, server, fetch } = await serveStalling();
  const gone = once(server, 'gone');
  const controller = new AbortController();
  const response = await fetch(`${origin}/half`, { signal: controller.signal });
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value).toString()).toBe('half');
  const rest = reader?.read();
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(rest).rejects.toBe(reason);
  expect(await gone).toEqual([false]);
});

it('before it begins: nothing is sent', async () => {
  const { origin, server, fetch } = await serveStalling();
  let begun = 0;
  server.on('begun', () => {
    begun += 1;
  });
  const reason = { my: 'reason' };
  await expect(fetch(origin, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await (await fetch(origin)).text();
  expect(begun).toBe(1);
});

it('in the same turn: nothing is sent', async () => {
  const { origin, server, fetch } = await serveStalling();
  let begun = 0;
  server.on('begun', () => {
    begun += 1;
  });
  const controller = new AbortController();
  const answer = fetch(origin, { signal: controller.signal });
  controller.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  await (await fetch(origin)).text();
  expect(begun).toBe(1);
});

it('AbortSignal.timeout rejects with TimeoutError', async () => {
  const { origin, fetch } = await serveStalling();
  await expect(fetch(`${origin}/stall`, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  const response = await fetch(`${origin}/half`, { signal: AbortSignal.timeout(200) });
  await expect(response.text()).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('body.cancel ends the request', async () => {
  const { origin, server, fetch } = await serveStalling();
  const gone = once(server, 'gone');
  const response = await fetch(`${origin}/half`);
  await response.body?.cancel('no need');
  expect(await gone).toEqual([false]);
});

it('during the upload: the body is cancelled', async () => {
  const { origin, server, fetch } = await serveStalling();
  for (const Class of [undefined, Request, globalThis.Request]) {
    const begun = once(server, 'begun');
    const controller = new AbortController();
    let cancelled: (reason: unknown) => void = () => undefined;
    const cancellation = new Promise((resolve) => {
      cancelled = resolve;
    });
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(Buffer.from('some')),
      cancel: (reason) => cancelled(reason),
    });
    const { signal } = controller;
    const init = { method: 'POST', body, duplex: 'half' as const };
    const url = `${origin}/stall`;
    const answer = fetch(
      Class === undefined ? url : new Class(url, { signal }),
      Class === undefined ? { ...init, signal } : init,
    );
    await begun;
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toThrow('enough');
    expect(await cancellation).toBe(reason);
  }
});

it('during the upload: an iterable is ended, and not read on', async () => {
  const { origin, server, fetch } = await serveStalling();
  const controller = new AbortController();
  let made = 0;
  let ended = false;
  async function* blocks(): AsyncGenerator<Uint8Array | string> {
    try {
      for (;;) {
        made += 1;
        yield made % 2 === 0 ? 'a string' : Buffer.alloc(10_000);
        await new Promise(setImmediate);
      }
    } finally {
      ended = true;
    }
  }
  const begun = once(server, 'begun');
  const body = blocks() as AsyncGenerator<Uint8Array>;
  const answer = fetch(`${origin}/stall`, { method: 'POST', body, duplex: 'half', signal: controller.signal });
  await begun;
  controller.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  await waitUntil('the iterable to be ended', () => ended);
  const atEnd = made;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(made).toBe(atEnd);
});

it('a signal that never aborts costs a stream nothing of its bytes', async () => {
  const { origin, fetch } = await servePeer((request, response) => request.pipe(response));
  const { signal } = new AbortController();
  const body = ReadableStream.from([Buffer.from('a'), Buffer.from('b')]);
  const response = await fetch(origin, { method: 'POST', body, duplex: 'half', signal });
  expect(await response.text()).toBe('ab');
});

it('after the end it does nothing', async () => {
  const { origin, fetch } = await serveStalling();
  const controller = new AbortController();
  const response = await fetch(origin, { signal: controller.signal });
  expect(await response.text()).toBe('whole');
  controller.abort();
  expect(await (await fetch(origin)).text()).toBe('whole');
});

it('one of many that share a connection: the others go on', async () => {
  const { origin, fetch } = await serveStalling();
  const controller = new AbortController();
  const stalled = Array.from({ length: 20 }, () => fetch(`${origin}/stall`, { signal: controller.signal }));
  const others = Array.from({ length: 20 }, async () => (await fetch(origin)).text());
  expect(new Set(await Promise.all(others))).toEqual(new Set(['whole']));
  controller.abort();
  const outcomes = await Promise.allSettled(stalled);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
});
