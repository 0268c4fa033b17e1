import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

describe('a response that takes too long', () => {
  it('to begin ends with undici’s HeadersTimeoutError', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined));
    const answer = dispatcher.request({ origin, path: '/', method: 'GET', headersTimeout: 100 });
    await expect(answer).rejects.toSatisfy((error) => error instanceof errors.HeadersTimeoutError);
    await expect(answer).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT', name: 'HeadersTimeoutError' });
  });

  it('to begin does so even if the handler has stopped', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined));
    const { handler, recording } = modernHandler({ onRequestSent: () => recording.controller?.pause() });
    dispatcher.dispatch({ origin, path: '/', method: 'GET', headersTimeout: 100 }, handler);
    await recording.done;
    expect(recording.error).toBeInstanceOf(errors.HeadersTimeoutError);
  });

  it('to go on ends with undici’s BodyTimeoutError', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.respond();
      stream.write('begin');
    });
    const { body } = await dispatcher.request({ origin, path: '/', method: 'GET', bodyTimeout: 100 });
    await expect(body.text()).rejects.toSatisfy((error) => error instanceof errors.BodyTimeoutError);
  });

  it('while the handler has stopped it does not', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.respond();
      stream.write('a');
      setTimeout(() => stream.end('b'), 300);
    });
    const { handler, recording } = modernHandler({
      onResponseStart: (controller) => {
        controller.pause();
        setTimeout(() => controller.resume(), 400);
      },
    });
    dispatcher.dispatch({ origin, path: '/', method: 'GET', bodyTimeout: 150 }, handler);
    await recording.done;
    expect(recording.error).toBeUndefined();
    expect(Buffer.concat(recording.chunks).toString()).toBe('ab');
  });
});

describe('a response that is too large', () => {
  it('ends with undici’s ResponseExceededMaxSizeError', async () => {
    const { dispatcher, origin } = await front(
      (stream) => {
        stream.on('error', () => undefined);
        stream.end(Buffer.alloc(1001));
      },
      { maxResponseSize: 1000 },
    );
    const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
    const text = body.text();
    await expect(text).rejects.toSatisfy((error) => error instanceof errors.ResponseExceededMaxSizeError);
    await expect(text).rejects.toMatchObject({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' });
  });

  it('only just not does not', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end(Buffer.alloc(1000)), { maxResponseSize: 1000 });
    const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
    expect((await body.arrayBuffer()).byteLength).toBe(1000);
  });

  it('in its header section ends with undici’s HeadersOverflowError', async () => {
    const { dispatcher, origin } = await front(
      (stream) => {
        stream.on('error', () => undefined);
        stream.respond({ 'x-large': 'x'.repeat(2000) });
        stream.end();
      },
      { maxHeaderSize: 1000 },
    );
    const answer = dispatcher.request({ origin, path: '/', method: 'GET' });
    await expect(answer).rejects.toSatisfy((error) => error instanceof errors.HeadersOverflowError);
  });
});
