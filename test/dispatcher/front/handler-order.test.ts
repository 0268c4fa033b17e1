import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { front } from './front.js';
import { legacyHandler, modernHandler, type Recording } from './handlers.js';
import { codeOf } from './undici-request.js';

const KINDS = [
  ['modern', modernHandler],
  ['legacy', legacyHandler],
] as const;
const ORDER: Readonly<Record<string, readonly string[]>> = {
  modern: [
    'onRequestStart',
    'onBodySent',
    'onRequestSent',
    'onResponseStarted',
    'onResponseStart',
    'onResponseData',
    'onResponseEnd',
  ],
  legacy: ['onConnect', 'onBodySent', 'onRequestSent', 'onResponseStarted', 'onHeaders', 'onData', 'onComplete'],
};

const bodyOf = ({ chunks }: Recording): string => Buffer.concat(chunks).toString();

describe.each(KINDS)('a %s handler', (kind, makeHandler) => {
  it('is called in undici’s order', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.resume().on('end', () => {
        stream.additionalHeaders({ ':status': 103, link: '</a>' });
        stream.respond(
          { ':status': 200, 'x-a': '1', 'set-cookie': ['a=1', 'b=2'], 'x-latin1': 'caf\xe9' },
          { waitForTrailers: true },
        );
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 't' }));
        stream.end('hello');
      });
    });
    const { handler, recording } = makeHandler();
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: 'a body' }, handler);
    await recording.done;
    expect(recording.error).toBeUndefined();
    expect(recording.calls).toEqual(ORDER[kind]);
    expect(recording.statuses).toEqual([103, 200]);
    expect(bodyOf(recording)).toBe('hello');
    const raw = recording.rawHeaders as Buffer[];
    expect(raw.every((text) => Buffer.isBuffer(text))).toBe(true);
    const flat = raw.map((text) => text.toString('latin1'));
    expect(flat).toContain('caf\xe9');
    expect(flat.filter((text) => text === 'set-cookie')).toHaveLength(2);
    if (kind === 'modern') {
      expect(recording.headers).toMatchObject({ 'x-a': '1', 'set-cookie': ['a=1', 'b=2'], 'x-latin1': 'caf\xe9' });
      expect(recording.trailers).toEqual({ 'x-trailer': 't' });
      expect(recording.controller?.rawTrailers?.toString()).toBe('x-trailer,t');
    } else {
      expect((recording.trailers as Buffer[]).map(String)).toEqual(['x-trailer', 't']);
    }
  });

  it('gets a body piece by piece when it stops and goes on', async () => {
    const size = 3_000_000;
    const { dispatcher, origin } = await front((stream) => {
      stream.respond();
      stream.end(Buffer.alloc(size, 'x'));
    });
    let paused = 0;
    let goOn: () => void = () => undefined;
    const stop = (): false => {
      paused += 1;
      setImmediate(() => goOn());
      return false;
    };
    const { handler, recording } =
      kind === 'modern'
        ? modernHandler({
            onResponseStart: (controller) => {
              goOn = () => controller.resume();
              controller.pause();
              stop();
            },
            onResponseData: (controller) => {
              controller.pause();
              stop();
            },
          })
        : legacyHandler({
            onHeaders: (_status, _raw, resume) => {
              goOn = resume;
              return stop();
            },
            onData: stop,
          });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    expect(recording.error).toBeUndefined();
    expect(bodyOf(recording)).toHaveLength(size);
    expect(paused).toBe(recording.chunks.length + 1);
  });

  it('that throws gets its error back, and the request ends', async () => {
    const { dispatcher, origin, server } = await front((stream) => {
      stream.on('error', () => undefined);
      stream.respond();
      stream.write('begin');
    });
    const names = {
      modern: ['onRequestStart', 'onRequestSent', 'onResponseStarted', 'onResponseStart', 'onResponseData'],
      legacy: ['onConnect', 'onRequestSent', 'onResponseStarted', 'onHeaders', 'onData'],
    }[kind];
    for (const name of names) {
      const thrown = new Error(name);
      const { handler, recording } = makeHandler({
        [name]: () => {
          throw thrown;
        },
      });
      dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
      await recording.done;
      expect(recording.error).toBe(thrown);
      expect(recording.calls.slice(-2)).toEqual([name, kind === 'modern' ? 'onResponseError' : 'onError']);
    }
    expect(server.address()).not.toBeNull();
  });

  it('that throws at the end gets its error as well', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end('x'));
    const thrown = new Error('at the end');
    const { handler, recording } = makeHandler({
      [kind === 'modern' ? 'onResponseEnd' : 'onComplete']: () => {
        throw thrown;
      },
    });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    expect(recording.error).toBe(thrown);
  });
});

describe('a handler', () => {
  it('that is none is refused as by undici', async () => {
    const { dispatcher, origin } = await front((stream) => stream.end());
    const full = { onConnect() {}, onError() {}, onHeaders() {}, onData() {}, onComplete() {} };
    const dispatch = (handler: unknown): string =>
      codeOf(() => dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler as never));
    for (const handler of [undefined, null, 'x', {}, { onRequestStart: 1 }])
      expect(dispatch(handler)).toBe('UND_ERR_INVALID_ARG');
    for (const name of Object.keys(full)) expect(dispatch({ ...full, [name]: undefined })).toBe('UND_ERR_INVALID_ARG');
    expect(dispatch({ ...full, onBodySent: 1 })).toBe('UND_ERR_INVALID_ARG');
    expect(() => dispatcher.dispatch({ origin, method: 'GET', path: '/' }, {})).toThrow(errors.InvalidArgumentError);
  });

  it('of the new kind needs nothing but onRequestStart', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.end('x');
    });
    let start: unknown;
    dispatcher.dispatch(
      { origin, method: 'GET', path: '/' },
      {
        onRequestStart: (controller) => {
          start = controller;
        },
      },
    );
    // One connection: a later request ends after it.
    const { body } = await dispatcher.request({ origin, method: 'GET', path: '/' });
    expect(await body.text()).toBe('x');
    expect(start).toMatchObject({ aborted: false, paused: false, reason: null });
  });

  it('of the old kind that answers false to an interim response is not stopped', async () => {
    const { dispatcher, origin } = await front((stream) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.end('x');
    });
    const { handler, recording } = legacyHandler({ onHeaders: (status) => status >= 200 });
    dispatcher.dispatch({ origin, method: 'GET', path: '/' }, handler);
    await recording.done;
    expect(recording.statuses).toEqual([103, 200]);
    expect(bodyOf(recording)).toBe('x');
  });
});
