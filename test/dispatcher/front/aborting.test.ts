import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { front } from './front.js';
import { legacyHandler, modernHandler } from './handlers.js';

/** Answers with a body that has no end. */
const endless = async () =>
  front((stream) => {
    stream.on('error', () => undefined);
    stream.respond();
    const write = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(65_536)));
    };
    stream.on('drain', write);
    write();
  });

describe('a request is aborted', () => {
  it.each([
    ['at its start', 'onRequestStart'],
    ['when it is sent', 'onRequestSent'],
    ['when the response starts', 'onResponseStarted'],
    ['with its headers', 'onResponseStart'],
    ['with its data', 'onResponseData'],
  ])('%s', async (_name, method) => {
    const { dispatcher, origin } = await endless();
    const reason = new Error('enough');
    const abort = (): void => made.recording.controller?.abort(reason);
    const made = modernHandler({ [method]: abort });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, made.handler);
    await made.recording.done;
    expect(made.recording.calls.slice(-2)).toEqual([method, 'onResponseError']);
    expect(made.recording.error).toBe(reason);
    expect(made.recording.controller).toMatchObject({ aborted: true, reason });
    // Nothing comes afterwards, and the connection serves others.
    const next = await dispatcher.request({ origin, method: 'GET', path: '/' });
    next.body.on('error', () => undefined).destroy();
    expect(made.recording.calls.at(-1)).toBe('onResponseError');
  });

  it('before there is a connection, and is never sent', async () => {
    let requests = 0;
    const { dispatcher, origin } = await front((stream) => {
      requests += 1;
      stream.end();
    });
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    recording.controller?.abort(new Error('at once'));
    expect(recording.calls).toEqual(['onRequestStart', 'onResponseError']);
    await (await dispatcher.request({ origin, method: 'GET', path: '/' })).body.dump();
    expect(requests).toBe(1);
  });

  it('without a reason, with an AbortError', async () => {
    const { dispatcher, origin } = await endless();
    const { handler, recording } = legacyHandler({ onConnect: (abort) => setImmediate(abort) });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    expect(recording.error).toBeInstanceOf(errors.RequestAbortedError);
    expect(recording.error).toMatchObject({ name: 'AbortError', code: 'UND_ERR_ABORTED' });
  });

  it('while it is stopped', async () => {
    const { dispatcher, origin } = await endless();
    const { handler, recording } = modernHandler({ onResponseStart: (controller) => controller.pause() });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    setTimeout(() => recording.controller?.abort(new Error('enough')), 20);
    await recording.done;
    expect(recording.calls).not.toContain('onResponseData');
    expect(recording.error?.message).toBe('enough');
  });

  it('a thousand at once, in every phase', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.on('error', () => undefined);
      setTimeout(() => !stream.destroyed && stream.end(Buffer.alloc(1000)), Math.random() * 20);
    });
    const recordings = Array.from({ length: 1000 }, (_, index) => {
      const { handler, recording } = modernHandler();
      dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
      if (index % 2 === 0) setTimeout(() => recording.controller?.abort(new Error('enough')), (index / 10) | 0);
      return recording;
    });
    await Promise.all(recordings.map(({ done }) => done));
    for (const { calls, error, chunks } of recordings) {
      expect(calls.filter((name) => /End|Error/.test(name))).toHaveLength(1);
      if (error === undefined) expect(Buffer.concat(chunks)).toHaveLength(1000);
      else expect(error.message).toBe('enough');
    }
  });
});

describe('an abort after the end', () => {
  it('does nothing', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end('x'));
    const { handler, recording } = modernHandler();
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    recording.controller?.abort(new Error('too late'));
    expect(recording.calls.at(-1)).toBe('onResponseEnd');
    expect(recording.error).toBeUndefined();
  });
});
