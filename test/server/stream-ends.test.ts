import { finished } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../src/index.js';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { patternBytes } from '../support/pattern.js';
import { runScenario } from '../support/scenario.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { event, serve } from './support/served.js';
import type { ExceptionsReport } from './user-exceptions-child.js';

/** What a stream told its listeners, in order. */
function watch(stream: ServerHttp3Stream): string[] {
  const events: string[] = [];
  for (const name of ['aborted', 'end', 'finish', 'error', 'close']) stream.on(name, () => events.push(name));
  return events;
}

async function seen<T>(get: () => T | undefined): Promise<T> {
  for (;;) {
    const value = get();
    if (value !== undefined) return value;
    await sleep(1);
  }
}

describe('the end of a request', () => {
  it('is finish and close for a request without a body, read or not', async () => {
    const logs: string[][] = [];
    const codes: (number | undefined)[] = [];
    const { connect } = await serve({}, (stream, headers) => {
      logs.push(watch(stream));
      stream.on('close', () => codes.push(stream.rstCode));
      if (headers[':path'] === '/read') stream.resume();
      stream.end('x');
    });
    const session = connect();
    await fetchBytes(session);
    await fetchBytes(session, { ':path': '/read' });
    await seen(() => (codes.length === 2 ? true : undefined));
    expect(logs[0]).toEqual(['finish', 'close']);
    expect([...(logs[1] ?? [])].sort()).toEqual(['close', 'end', 'finish']);
    expect(logs[1]?.at(-1)).toBe('close');
    expect(codes).toEqual([H3_ERROR.H3_NO_ERROR, H3_ERROR.H3_NO_ERROR]);
  });

  it('is no error for those who wait for it', async () => {
    const errors: unknown[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.end('x');
      finished(stream, { readable: false }, (error) => errors.push(error));
    });
    await fetchBytes(connect());
    await seen(() => (errors.length === 1 ? true : undefined));
    expect(errors).toEqual([undefined]);
  });

  it.each([
    [H3_ERROR.H3_REQUEST_CANCELLED, 'H3_REQUEST_CANCELLED'],
    [H3_ERROR.H3_INTERNAL_ERROR, 'H3_INTERNAL_ERROR'],
    [H3_ERROR.H3_NO_ERROR, 'H3_NO_ERROR'],
  ])('close(%i) resets it with that code', async (code, errorName) => {
    let events: string[] = [];
    let rstCode: number | undefined;
    const closed: boolean[] = [];
    const { connect } = await serve({}, (stream) => {
      events = watch(stream);
      stream.respond();
      stream.write('x');
      setImmediate(() => stream.close(code, () => closed.push(true)));
      stream.on('close', () => {
        rstCode = stream.rstCode;
      });
    });
    const { error } = await fetchBytes(connect());
    expect(error?.errorName).toBe(errorName);
    expect([rstCode, closed, events]).toEqual([code, [true], ['close']]);
  });

  it('close after the end lets the response be complete', async () => {
    const { connect } = await serve({}, (stream) => {
      stream.respond();
      stream.end('complete');
      stream.close();
    });
    const { body, error } = await fetchBytes(connect(), { ':method': 'POST' }, { body: patternBytes(100_000) });
    expect([body.toString(), error]).toEqual(['complete', undefined]);
  });

  it('destroy(error) resets it with H3_INTERNAL_ERROR, and the handler has its error', async () => {
    let events: string[] = [];
    const { connect } = await serve({}, (stream) => {
      events = watch(stream);
      stream.destroy(new Error('mine'));
    });
    const { error } = await fetchBytes(connect());
    expect(error?.errorName).toBe('H3_INTERNAL_ERROR');
    expect(events).toEqual(['error', 'close']);
  });

  it('every callback of a write ends, also when the stream does', async () => {
    const results: unknown[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.on('error', () => undefined);
      for (let count = 0; count < 3; count += 1) stream.write('x'.repeat(100_000), (error) => results.push(error));
      stream.destroy();
    });
    await fetchBytes(connect());
    await seen(() => (results.length === 3 ? true : undefined));
    expect(results.every((error) => error instanceof Error)).toBe(true);
  });

  it('use after the end is refused', async () => {
    const codes: unknown[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.close(H3_ERROR.H3_REQUEST_CANCELLED);
      for (const call of [() => stream.respond(), () => stream.additionalHeaders({ ':status': 103 })]) {
        try {
          call();
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
    });
    expect((await fetchBytes(connect())).error?.errorName).toBe('H3_REQUEST_CANCELLED');
    expect(codes).toEqual(['ERR_HTTP3_INVALID_STREAM', 'ERR_HTTP3_INVALID_STREAM']);
  });
});

describe('a client that goes away', () => {
  it('aborts the stream: aborted, then close, and no error without a listener', async () => {
    let stream: ServerHttp3Stream | undefined;
    const log: string[] = [];
    const { connect } = await serve({}, (opened) => {
      stream = opened;
      opened.on('aborted', () => log.push('aborted'));
      opened.on('close', () => log.push('close'));
      opened.respond();
      opened.write('x');
    });
    const request = connect().request();
    const settled = settle(request);
    await event(request, 'response');
    request.close();
    await settled;
    const opened = await seen(() => (stream?.closed ? stream : undefined));
    expect(log).toEqual(['aborted', 'close']);
    expect([opened.aborted, opened.rstCode]).toEqual([true, H3_ERROR.H3_REQUEST_CANCELLED]);
  });

  it('gives an error with the code to those who listen', async () => {
    const errors: unknown[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.on('error', (error) => errors.push(error));
      stream.resume();
      stream.respond();
      stream.write('x');
    });
    const request = connect().request({ ':method': 'POST' });
    const settled = settle(request);
    request.write('part');
    await event(request, 'response');
    request.close(H3_ERROR.H3_INTERNAL_ERROR);
    await settled;
    await seen(() => errors[0]);
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_HTTP3_STREAM_RESET', errorName: 'H3_INTERNAL_ERROR' }),
    ]);
  });

  it('ends the streams of its connection', async () => {
    const log: string[] = [];
    const { connect } = await serve({}, (stream) => {
      stream.on('error', (error) => log.push((error as NodeJS.ErrnoException).code ?? ''));
      stream.on('aborted', () => log.push('aborted'));
      stream.on('close', () => log.push('close'));
      stream.respond();
      stream.write('x');
    });
    const session = connect();
    const request = session.request();
    const settled = settle(request);
    await event(request, 'response');
    session.destroy();
    await settled;
    await seen(() => (log.includes('close') ? true : undefined));
    expect(log[0]).toBe('aborted');
    expect(log.at(-1)).toBe('close');
  });
});

describe("an exception of a user's listener is an uncaught exception, and the server lives on", () => {
  it.each(['stream', 'data', 'wantTrailers', 'session', 'connect'])('thrown for %s', async (name) => {
    const input = { event: name };
    const report = await runScenario<ExceptionsReport>(new URL('./user-exceptions-child.ts', import.meta.url), input);
    const streams = ['stream', 'data', 'wantTrailers'].includes(name);
    expect(report).toEqual({
      uncaught: [`thrown in ${name}`],
      errorName: streams ? expect.any(String) : undefined,
      after: 5,
    });
  });
});
