import { Readable } from 'node:stream';
import { interceptors, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

describe('a request over HTTP/3', () => {
  it('has the target, the fields and the priority that its options say', async () => {
    const { dispatcher, origin } = await front((stream, headers) => stream.end(JSON.stringify(headers)));
    const { body } = await dispatcher.request({
      origin,
      method: 'GET',
      path: '/p',
      query: { q: 'x y' },
      headers: { Host: 'other.example', 'X-A': ['1', '2'], cookie: ['a=1', 'b=2'], connection: 'keep-alive' },
      priority: { urgency: 1, incremental: true },
    } as never);
    expect(await body.json()).toEqual({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': 'other.example',
      ':path': '/p?q=x%20y',
      'x-a': '1, 2',
      cookie: 'a=1; b=2',
      priority: 'u=1, i',
    });
  });

  it('is committed once it is sent on an established connection', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end());
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: 'x' }, handler);
    expect(dispatcher.committed).toHaveLength(0);
    await recording.done;
    expect(dispatcher.committed).toHaveLength(1);
    expect(dispatcher.legs[0]?.withdraw()).toBe(false);
  });

  it('that is withdrawn leaves its body untouched and its handler in peace', async () => {
    let requests = 0;
    const { dispatcher, origin } = await front((stream) => {
      requests += 1;
      stream.end();
    });
    const source = Readable.from(['a', 'b']);
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: source }, handler);
    const [leg] = dispatcher.legs;
    expect(leg?.withdraw()).toBe(true);
    await (await dispatcher.request({ origin, method: 'GET', path: '/' })).body.dump();
    expect(requests).toBe(1);
    expect(recording.calls).toEqual(['onRequestStart']);
    let text = '';
    const forTcp = leg?.exchange.request.body.forTcp();
    for await (const chunk of forTcp as AsyncIterable<Uint8Array>) text += Buffer.from(chunk);
    expect(text).toBe('ab');
  });

  it('that the server has not processed is offered to whoever knows another way', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.close(H3_ERROR.H3_REQUEST_REJECTED);
    });
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: 'x' }, handler);
    await recording.done;
    expect(dispatcher.unprocessed).toMatchObject([{ errorName: 'H3_REQUEST_REJECTED', safeToRetry: true }]);
    expect(recording.error).toMatchObject({ code: 'UND_ERR_SOCKET', safeToRetry: true });
  });

  it('to nobody fails with the reason', async () => {
    const { dispatcher, origin, server } = await front((stream) => stream.end());
    await new Promise((resolve) => server.once('close', resolve).destroy());
    const answer = dispatcher.request({ origin, method: 'GET', path: '/' });
    await expect(answer).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(dispatcher.unprocessed).toHaveLength(1);
  });
});

describe('undici on top of HTTP/3', () => {
  it.each([
    ['undici’s', undiciFetch as unknown as typeof fetch],
    ['Node’s', fetch],
  ])('works: %s fetch', async (_name, anyFetch) => {
    const { dispatcher, origin } = await front((stream, headers) => {
      stream.respond({ ':status': 201, 'x-type': String(headers['content-type']), 'set-cookie': ['a=1', 'b=2'] });
      stream.pipe(stream);
    });
    const init = { method: 'POST', body: 'h\xe9llo', dispatcher } as unknown as RequestInit;
    const response = await anyFetch(`${origin}/`, init);
    expect(response.status).toBe(201);
    expect(response.headers.get('x-type')).toBe('text/plain;charset=UTF-8');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('h\xe9llo');
    const abort = new AbortController();
    const aborted = anyFetch(`${origin}/`, { ...init, signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toThrow('aborted');
  });

  it('works: stream, pipeline and interceptors', async () => {
    const { dispatcher, origin } = await front((stream, headers) => {
      if (headers[':path'] === '/from') {
        stream.respond({ ':status': 302, location: '/to' });
        stream.end();
      } else stream.pipe(stream);
    });
    const redirecting = dispatcher.compose(interceptors.redirect({ maxRedirections: 1 }));
    expect((await redirecting.request({ origin, method: 'GET', path: '/from' })).statusCode).toBe(200);
    const pipeline = dispatcher.pipeline({ origin, method: 'PUT', path: '/' }, ({ body }) => body);
    let text = '';
    pipeline.end('through');
    for await (const chunk of pipeline) text += chunk;
    expect(text).toBe('through');
  });
});
