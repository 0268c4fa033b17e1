import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ServerHttp3Stream } from '../../../src/server/server-types.js';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

/** Reads a request's body. */
async function bodyOf(stream: ServerHttp3Stream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('expectContinue', () => {
  it('holds the body back until the server asks for it', async () => {
    const order: string[] = [];
    const { dispatcher, origin, server } = await front(() => undefined);
    server.removeAllListeners('stream');
    server.on('stream', async (stream: ServerHttp3Stream, headers) => {
      order.push(String(headers.expect));
      stream.once('data', () => order.push('body'));
      setTimeout(() => {
        order.push('asked');
        stream.additionalHeaders({ ':status': 100 });
      }, 50);
      stream.end(await bodyOf(stream));
    });
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: 'hello', expectContinue: true }, handler);
    await recording.done;
    expect(recording.error).toBeUndefined();
    expect(order).toEqual(['100-continue', 'asked', 'body']);
    expect(recording.statuses).toEqual([100, 200]);
    expect(Buffer.concat(recording.chunks).toString()).toBe('hello');
  });

  it('sends the body after a while if the server says nothing', async () => {
    const { dispatcher, origin } = await front(async (stream) => {
      stream.end(await bodyOf(stream));
    });
    const { body } = await dispatcher.request({
      origin,
      method: 'POST',
      path: '/',
      body: 'hello',
      expectContinue: true,
    });
    expect(await body.text()).toBe('hello');
  });

  it('does not send the body if the answer comes first', async () => {
    let received = 0;
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    const { dispatcher, origin } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      stream.on('close', close);
      stream.respond({ ':status': 417 });
      stream.end('no');
    });
    let read = false;
    const source = new Readable({
      read() {
        read = true;
        this.push('hello');
        this.push(null);
      },
    });
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: source, expectContinue: true }, handler);
    await recording.done;
    await closed;
    expect(recording.error).toBeUndefined();
    expect(recording.statuses).toEqual([417]);
    expect([received, read]).toEqual([0, false]);
    expect(source.destroyed).toBe(true);
    // The connection is as good as before.
    expect(recording.calls.at(-1)).toBe('onResponseEnd');
    expect((await dispatcher.request({ origin, method: 'GET', path: '/' })).statusCode).toBe(417);
  });

  it('means nothing without a body', async () => {
    const { dispatcher, origin } = await front((stream, headers) => stream.end(String(headers.expect)));
    const { body } = await dispatcher.request({ origin, method: 'POST', path: '/', expectContinue: true });
    expect(await body.text()).toBe('undefined');
  });
});
