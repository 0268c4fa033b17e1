import { createRequire } from 'node:module';
import { errors, interceptors } from 'undici';
import { describe, expect, it } from 'vitest';
import * as own from '../../../src/errors.js';
import { front } from './front.js';

const reset = new own.StreamResetError(own.H3_ERROR.H3_INTERNAL_ERROR, false);

describe('errors', () => {
  it.each([
    [new own.InvalidArgumentError(''), errors.InvalidArgumentError],
    [new own.ConnectTimeoutError(''), errors.ConnectTimeoutError],
    [new own.HeadersTimeoutError(1), errors.HeadersTimeoutError],
    [new own.BodyTimeoutError(1), errors.BodyTimeoutError],
    [new own.HeadersOverflowError(2, 1), errors.HeadersOverflowError],
    [new own.RequestAbortedError(), errors.RequestAbortedError],
    [new own.ClientClosedError(), errors.ClientClosedError],
    [new own.ClientDestroyedError(), errors.ClientDestroyedError],
    [new own.ResponseExceededMaxSizeError(1), errors.ResponseExceededMaxSizeError],
    [new own.NotSupportedError(''), errors.NotSupportedError],
    [new own.InformationalError(''), errors.InformationalError],
    [new own.RequestContentLengthMismatchError(''), errors.RequestContentLengthMismatchError],
    [new own.ResponseContentLengthMismatchError(''), errors.ResponseContentLengthMismatchError],
    [new own.SocketError(''), errors.SocketError],
  ])('are those of undici: %s', (error, undiciClass) => {
    expect(error instanceof undiciClass).toBe(true);
    expect(error instanceof errors.UndiciError).toBe(true);
    const theirs = new (undiciClass as unknown as new () => { name: string; code: string })();
    expect([error.name, error.code]).toEqual([theirs.name, theirs.code]);
  });

  it('have the symbol of a class that undici does not export', () => {
    const { MaxOriginsReachedError } = createRequire(import.meta.url)('undici/lib/core/errors.js') as {
      MaxOriginsReachedError: new () => Error;
    };
    expect(new own.MaxOriginsReachedError(1) instanceof MaxOriginsReachedError).toBe(true);
  });

  it('are not those of another class', () => {
    expect(new own.SocketError('') instanceof errors.InvalidArgumentError).toBe(false);
    expect(reset instanceof errors.SocketError).toBe(false);
    expect(reset instanceof errors.UndiciError).toBe(true);
  });
});

describe('a request whose stream is reset', () => {
  it('fails as if its connection was lost, and says what it was', async () => {
    const { dispatcher, origin, port } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.close(own.H3_ERROR.H3_INTERNAL_ERROR);
    });
    const answer = dispatcher.request({ origin, method: 'GET', path: '/' });
    await expect(answer).rejects.toMatchObject({
      code: 'UND_ERR_SOCKET',
      errorName: 'H3_INTERNAL_ERROR',
      socket: { remoteAddress: '127.0.0.1', remotePort: port },
      cause: { code: 'ERR_HTTP3_STREAM_RESET', local: false },
    });
  });

  it('is repeated by undici’s retry interceptor', async () => {
    let requests = 0;
    const { dispatcher, origin } = await front((stream) => {
      stream.on('error', () => undefined);
      requests += 1;
      if (requests < 3) stream.close(own.H3_ERROR.H3_INTERNAL_ERROR);
      else stream.end('at last');
    });
    const retrying = dispatcher.compose(interceptors.retry({ minTimeout: 1 }));
    const { body } = await retrying.request({ origin, method: 'GET', path: '/' });
    expect(await body.text()).toBe('at last');
    expect(requests).toBe(3);
    requests = 0;
    await expect(retrying.request({ origin, method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'UND_ERR_SOCKET',
    });
    expect(requests).toBe(1);
  });
});

describe('a request whose connection is lost', () => {
  it('fails with undici’s SocketError and the connection’s ends', async () => {
    const { dispatcher, origin, port, server } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.respond();
      stream.write('begin');
    });
    const { body } = await dispatcher.request({ origin, method: 'GET', path: '/' });
    server.destroy();
    const text = body.text();
    await expect(text).rejects.toSatisfy((error) => error instanceof errors.SocketError);
    await expect(text).rejects.toMatchObject({ socket: { remoteAddress: '127.0.0.1', remotePort: port } });
  });
});
