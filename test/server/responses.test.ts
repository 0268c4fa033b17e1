import { describe, expect, it } from 'vitest';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { fetchBytes } from '../support/settlement.js';
import { serve } from './support/served.js';

describe('a response', () => {
  it('has the status, the fields and the body that the handler gave, and a date', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({ ':status': 201, 'Content-Type': 'text/plain', 'x-list': ['a', 'b'], 'x-number': 7 });
      stream.end('hello');
    });
    const { headers, rawHeaders, body } = await fetchBytes(connect());
    expect(headers).toMatchObject({ ':status': 201, 'content-type': 'text/plain', 'x-list': 'a, b', 'x-number': '7' });
    expect(new Date(String(headers?.date)).getTime()).toBeGreaterThan(0);
    expect(rawHeaders.filter((text) => text === 'x-list')).toHaveLength(2);
    expect(body.toString()).toBe('hello');
  });

  it('has status 200 and no date if the handler says so', async () => {
    const { connect } = await serve({ sendDate: false }, (stream) => {
      stream.end('implicit');
    });
    const { headers, body } = await fetchBytes(connect());
    expect(headers).toEqual({ ':status': 200 });
    expect(body.toString()).toBe('implicit');
  });

  it('comes from a listener of the session as well', async () => {
    const { server, connect } = await serve();
    server.on('session', (session) => session.on('stream', (stream: ServerHttp3Stream) => stream.end('session')));
    expect((await fetchBytes(connect())).body.toString()).toBe('session');
  });

  it('is refused with H3_REQUEST_REJECTED when nobody listens', async () => {
    const { connect } = await serve();
    const { error } = await fetchBytes(connect());
    expect(error).toMatchObject({ errorName: 'H3_REQUEST_REJECTED', safeToRetry: true });
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with status %i has no body, whatever the handler writes', async (method, status) => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({ ':status': status, ...(status === 200 && { 'content-length': '5' }) });
      stream.write('he');
      stream.end('llo');
    });
    const { headers, bytes, error } = await fetchBytes(connect(), { ':method': method });
    expect([headers?.[':status'], bytes, error]).toEqual([status, 0, undefined]);
    if (status === 200) expect(headers?.['content-length']).toBe('5');
  });

  it('can be ended with its head', async () => {
    const { connect } = await serve({}, (stream) => stream.respond({ ':status': 404 }, { endStream: true }));
    const { headers, bytes } = await fetchBytes(connect());
    expect([headers?.[':status'], bytes]).toEqual([404, 0]);
  });

  it('comes after interim responses', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
      stream.additionalHeaders({ ':status': 102 });
      stream.respond();
      stream.end();
      expect(stream.sentInfoHeaders.map((section) => section[':status'])).toEqual([103, 102]);
    });
    const { interim, headers } = await fetchBytes(connect());
    expect(interim).toEqual([{ ':status': 103, link: '</style.css>; rel=preload' }, { ':status': 102 }]);
    expect(headers?.[':status']).toBe(200);
  });

  it('ends with trailers', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({}, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
      stream.end('hello');
    });
    const { trailers, body } = await fetchBytes(connect());
    expect(trailers).toEqual({ 'x-sum': '5' });
    expect(body.toString()).toBe('hello');
  });

  it('ends with trailers that come later', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond({}, { waitForTrailers: true });
      stream.on('wantTrailers', () => setImmediate(() => stream.sendTrailers({ 'x-sum': '0' })));
      stream.end();
    });
    const { trailers, bytes } = await fetchBytes(connect());
    expect(trailers).toEqual({ 'x-sum': '0' });
    expect(bytes).toBe(0);
  });

  it('keeps the order of many small writes', async () => {
    const { connect } = await serve({}, async (stream) => {
      for (let line = 0; line < 1000; line += 1) {
        stream.write(`${line}\n`);
        if (line % 100 === 0) await new Promise(setImmediate);
      }
      stream.end();
    });
    const { body } = await fetchBytes(connect());
    expect(body.toString()).toBe(Array.from({ length: 1000 }, (_, line) => `${line}\n`).join(''));
  });
});

describe('what a response cannot be is refused before it is sent', () => {
  it('names what is wrong', async () => {
    const codes: (string | undefined)[] = [];
    const attempt = (call: () => void): void => {
      try {
        call();
        codes.push(undefined);
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
    };
    const { connect } = await serve({}, (stream) => {
      attempt(() => stream.respond({ ':status': 99 }));
      attempt(() => stream.respond({ ':status': 101 }));
      attempt(() => stream.respond({ ':path': '/' }));
      attempt(() => stream.respond({ connection: 'close' }));
      attempt(() => stream.respond({ 'x y': 'z' }));
      attempt(() => stream.respond({ 'x-y': 'a\nb' }));
      attempt(() => stream.additionalHeaders({ ':status': 101 }));
      attempt(() => stream.additionalHeaders({ ':status': 200 }));
      attempt(() => stream.sendTrailers({}));
      attempt(() => stream.respond());
      attempt(() => stream.respond());
      attempt(() => stream.additionalHeaders({ ':status': 103 }));
      attempt(() => stream.sendTrailers({}));
      stream.end();
    });
    expect((await fetchBytes(connect())).headers?.[':status']).toBe(200);
    expect(codes).toEqual([
      'ERR_HTTP3_STATUS_INVALID',
      'ERR_HTTP3_STATUS_INVALID',
      'ERR_HTTP3_INVALID_PSEUDOHEADER',
      'ERR_HTTP3_INVALID_CONNECTION_HEADERS',
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_ARG',
      'ERR_HTTP3_STATUS_101',
      'ERR_HTTP3_INVALID_INFO_STATUS',
      'ERR_HTTP3_TRAILERS_NOT_READY',
      undefined,
      'ERR_HTTP3_HEADERS_SENT',
      'ERR_HTTP3_HEADERS_AFTER_RESPOND',
      'ERR_HTTP3_TRAILERS_NOT_READY',
    ]);
  });

  it.each([
    ['longer', 'hello!'],
    ['shorter', 'hell'],
  ])('a body %s than its content-length resets the stream', async (_, text) => {
    const errors: unknown[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.on('error', (error) => errors.push((error as NodeJS.ErrnoException).code));
      stream.respond({ 'content-length': 5 });
      stream.end(text);
    });
    const { error } = await fetchBytes(connect());
    expect(error).toMatchObject({ errorName: 'H3_INTERNAL_ERROR' });
    expect(errors).toEqual(['UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
  });
});
