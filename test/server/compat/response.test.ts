import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RequestListener, toStreamListener } from '../../../src/server/compat/request-listener.js';
import type { Http3ServerResponse } from '../../../src/server/compat/server-response.js';
import type { ServerHttp3Stream, ServerResponseOptions } from '../../../src/server/server-types.js';
import { bodySha256, generateBody } from '../../support/site-files.js';
import { waitUntil } from '../../support/wait-until.js';
import { settleStream } from './http2-peer.js';
import { PEERS } from './peers.js';

const MIB = 1024 * 1024;

/** `endStream` and `waitForTrailers` of the stream's heads to come. */
function recordHeads(stream: ServerHttp3Stream): (ServerResponseOptions | undefined)[] {
  const heads: (ServerResponseOptions | undefined)[] = [];
  const { respond } = stream;
  stream.respond = (headers, options) => {
    heads.push(options);
    respond.call(stream, headers, options);
  };
  return heads;
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

describe.each(PEERS)('a response on streams of %s', (_name, open) => {
  /** Serves one request with a listener. */
  async function answer(listener: RequestListener, headers: Record<string, string> = {}) {
    const peer = await open(toStreamListener(listener));
    return peer.fetch(headers);
  }

  it('has status, headers and body', async () => {
    const settled = await answer((_request, response) => {
      response.statusCode = 201;
      response.setHeader('X-One', 1);
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.appendHeader('x-many', 'a').appendHeader('x-many', ['b', 'c']);
      response.setHeader('x-gone', 'x');
      response.removeHeader('X-Gone');
      expect(response.getHeader('x-one')).toBe(1);
      expect(response.hasHeader('X-ONE')).toBe(true);
      expect(response.getHeaderNames()).toEqual(['x-one', 'set-cookie', 'x-many']);
      expect(response.headersSent).toBe(false);
      response.end('hello');
      expect(response.headersSent).toBe(true);
    });
    expect(settled.headers).toMatchObject({
      ':status': 201,
      'x-one': '1',
      'set-cookie': ['a=1', 'b=2'],
      'x-many': 'a, b, c',
    });
    expect(settled.headers).not.toHaveProperty('x-gone');
    expect(settled.headers?.date).toMatch(/GMT$/);
    expect(settled.body.toString()).toBe('hello');
  });

  it.each<[string, (response: Http3ServerResponse) => unknown]>([
    ['an object', (response) => response.writeHead(202, { 'X-A': '1', 'X-B': ['2', '3'] })],
    ['a message and an object', (response) => response.writeHead(202, 'Fine', { 'X-A': '1', 'x-b': ['2', '3'] })],
    ['a flat list', (response) => response.writeHead(202, ['X-A', '1', 'X-B', '2', 'x-b', '3'])],
    [
      'a list of pairs',
      (response) =>
        response.writeHead(202, [
          ['X-A', '1'],
          ['X-B', '2'],
          ['x-b', '3'],
        ]),
    ],
    [
      'fields that are set already',
      (response) => response.setHeader('x-b', 'none').setHeader('x-a', '1').writeHead(202, ['x-b', '2', 'x-b', '3']),
    ],
  ])('takes the head as %s', async (_form, write) => {
    const settled = await answer((_request, response) => {
      expect(write(response)).toBe(response);
      response.end();
    });
    expect(settled.headers).toMatchObject({ ':status': 202, 'x-a': '1', 'x-b': '2, 3' });
  });

  it('gives head and body to the stream in one turn, without waiting for trailers', async () => {
    let heads: (ServerResponseOptions | undefined)[] = [];
    let ended = false;
    const listeners: RequestListener[] = [
      (_request, response) => void response.end('x'),
      (_request, response) => void response.writeHead(200, { 'x-a': 'b' }).end('x'),
      (_request, response) => void response.writeHead(200).end(),
      (_request, response) => void response.writeHead(304).end(),
    ];
    for (const listener of listeners) {
      await answer((request, response) => {
        heads = recordHeads(request.stream);
        listener(request, response);
        ended = request.stream.writableEnded;
      });
      expect(heads).toMatchObject([{ waitForTrailers: false }]);
      expect(ended).toBe(true);
    }
  });

  it('sends a head that nothing follows when the turn is over', async () => {
    let response: Http3ServerResponse | undefined;
    const peer = await open(
      toStreamListener((_request, given) => {
        response = given.writeHead(200, { 'x-a': 'b' });
      }),
    );
    const stream = peer.request();
    const headers = await new Promise<object>((resolve) => stream.once('response', resolve));
    expect(headers).toMatchObject({ 'x-a': 'b' });
    response?.end('late');
    expect((await settleStream(stream)).body.toString()).toBe('late');
  });

  it('streams with back-pressure, and drains', async () => {
    const settled = await answer((_request, response) => {
      void pipeline(Readable.from(generateBody(16 * MIB)), response);
    });
    expect(settled.bytes).toBe(16 * MIB);
    expect(settled.sha256).toBe(bodySha256(16 * MIB));
  });

  it('makes its writer wait for a client that does not read', async () => {
    let written = 0;
    let drains = 0;
    const peer = await open(
      toStreamListener(async (_request, response) => {
        response.on('drain', () => {
          drains += 1;
        });
        for (const block of generateBody(48 * MIB)) {
          const more = response.write(block);
          written += block.length;
          if (!more) await new Promise((resolve) => response.once('drain', resolve));
        }
        response.end();
      }),
    );
    const stream = peer.request();
    await new Promise((resolve) => stream.once('response', resolve));
    for (let before = -1; before !== written; ) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(40 * MIB);
    expect((await settleStream(stream)).bytes).toBe(48 * MIB);
    expect(drains).toBeGreaterThan(0);
  });

  it('finishes, then closes', async () => {
    const events: string[] = [];
    let response: Http3ServerResponse | undefined;
    await answer((_request, given) => {
      response = given;
      for (const name of ['finish', 'close', 'error']) given.on(name, () => events.push(name));
      given.write('a', () => events.push('written'));
      expect(given).toMatchObject({ writableEnded: false, finished: false, writableFinished: false, closed: false });
      given.end('b', () => events.push('ended'));
      expect(given).toMatchObject({ writableEnded: true, finished: true, destroyed: false });
    });
    await waitUntil('close', () => events.includes('close'));
    expect(events).toEqual(['written', 'finish', 'ended', 'close']);
    expect(response).toMatchObject({ writableFinished: true, closed: true, destroyed: true });
    if (response !== undefined) await finished(response);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ] as const)('to %s with %i has no body, whatever is written', async (method, status) => {
    const events: string[] = [];
    const settled = await answer(
      (_request, response) => {
        for (const name of ['finish', 'close', 'error']) response.on(name, () => events.push(name));
        response.writeHead(status, { 'x-a': 'b' });
        response.write('dropped', () => {
          setImmediate(() => response.end('dropped, too'));
        });
      },
      { ':method': method },
    );
    expect(settled.headers).toMatchObject({ ':status': status, 'x-a': 'b' });
    expect(settled.bytes).toBe(0);
    await waitUntil('close', () => events.includes('close'));
    expect(events).toEqual(['finish', 'close']);
  });

  it('has trailers, set before or after its head', async () => {
    for (const early of [true, false]) {
      const settled = await answer((_request, response) => {
        if (early) response.addTrailers({ 'X-Sum': '1' });
        response.write('a');
        if (!early) response.addTrailers([['X-Sum', '1']]);
        response.end('b');
      });
      expect(settled.trailers).toMatchObject({ 'x-sum': '1' });
      expect(settled.body.toString()).toBe('ab');
    }
    const empty = await answer((_request, response) => {
      response.addTrailers({ 'x-sum': '0' });
      response.end();
    });
    expect(empty.trailers).toMatchObject({ 'x-sum': '0' });
  });

  it('sends interim responses', async () => {
    const settled = await answer((_request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({});
      response.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'], 'x-hint': '1' });
      response.end();
      response.writeContinue();
    });
    expect(settled.interim).toMatchObject([
      { ':status': 102 },
      { ':status': 103, link: '</a.css>; rel=preload, </b.js>; rel=preload', 'x-hint': '1' },
    ]);
  });

  it('refuses what cannot be sent, with the codes of node:http', async () => {
    const codes: { [refused: string]: string | undefined } = {};
    await answer((_request, response) => {
      codes.name = codeOf(() => response.setHeader('a b', 'x'));
      codes['pseudo-header'] = codeOf(() => response.setHeader(':status', '200'));
      codes.value = codeOf(() => response.setHeader('x-a', 'a\nb'));
      codes['value in writeHead'] = codeOf(() => response.writeHead(200, { 'x-a': 'a\0b' }));
      codes['odd list'] = codeOf(() => response.writeHead(200, ['x-a']));
      codes.status = codeOf(() => response.writeHead(99));
      codes['interim status'] = codeOf(() => response.writeHead(103));
      codes.chunk = codeOf(() => response.write(7));
      codes['last chunk'] = codeOf(() => response.end({}));
      response.end('x');
      codes['second head'] = codeOf(() => response.writeHead(200));
      codes['late header'] = codeOf(() => response.setHeader('x-a', 'b'));
    });
    expect(codes).toEqual({
      name: 'ERR_INVALID_HTTP_TOKEN',
      'pseudo-header': 'ERR_INVALID_HTTP_TOKEN',
      value: 'ERR_INVALID_CHAR',
      'value in writeHead': 'ERR_INVALID_CHAR',
      'odd list': 'ERR_INVALID_ARG_VALUE',
      status: 'ERR_HTTP_INVALID_STATUS_CODE',
      'interim status': 'ERR_HTTP_INVALID_STATUS_CODE',
      chunk: 'ERR_INVALID_ARG_TYPE',
      'last chunk': 'ERR_INVALID_ARG_TYPE',
      'second head': 'ERR_HTTP_HEADERS_SENT',
      'late header': 'ERR_HTTP_HEADERS_SENT',
    });
  });

  it('drops what belongs to an HTTP/1.1 connection, with one warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const listener: RequestListener = (_request, response) => {
      response.setHeader('Connection', 'keep-alive');
      response.setHeader('Keep-Alive', 'timeout=5');
      response.writeHead(200, { 'transfer-encoding': 'chunked', 'x-a': 'b' });
      response.end('x');
    };
    for (let round = 0; round < 2; round += 1) {
      const { headers, error } = await answer(listener);
      expect(error).toBeUndefined();
      expect(headers).toMatchObject({ 'x-a': 'b' });
      for (const name of ['connection', 'keep-alive', 'transfer-encoding']) expect(headers).not.toHaveProperty(name);
    }
    const ours = warnings.filter(({ message }) => message.includes('connection-specific'));
    expect(ours.length).toBeLessThanOrEqual(1);
  });

  it('takes null for what is left out', async () => {
    const { body } = await answer((_request, response) => {
      response.write('a', null, null);
      response.end('b', null, null);
    });
    expect(body.toString()).toBe('ab');
    expect((await answer((_request, response) => void response.end(null, null, null))).bytes).toBe(0);
  });

  it('fails writes after its end', async () => {
    const errors: unknown[] = [];
    const settled = await answer((_request, response) => {
      response.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
      response.end('x');
      expect(response.write('y', (error) => errors.push((error as NodeJS.ErrnoException).code))).toBe(false);
    });
    expect(settled.body.toString()).toBe('x');
    expect(errors).toEqual(['ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_WRITE_AFTER_END']);
  });

  it('closes without finish, and fails its pipeline, when the client goes away', async () => {
    const events: string[] = [];
    let failure: NodeJS.ErrnoException | undefined;
    const peer = await open(
      toStreamListener((_request, response) => {
        for (const name of ['finish', 'close', 'error']) response.on(name, () => events.push(name));
        pipeline(Readable.from(generateBody(64 * MIB)), response).catch((error: NodeJS.ErrnoException) => {
          failure = error;
        });
      }),
    );
    const stream = peer.request();
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('response', resolve));
    peer.drop();
    await waitUntil('the pipeline to fail', () => failure);
    expect(failure?.code).toBe('ERR_STREAM_PREMATURE_CLOSE');
    expect(events).toEqual(['close']);
  });

  it('drops the client when it is destroyed', async () => {
    const settled = await answer((_request, response) => {
      response.write('a');
      setImmediate(() => response.destroy(new Error('broken')));
    });
    expect(settled.error ?? 'reset').toBeDefined();
    expect(settled.events).not.toContain('end');
  });

  it('asks for its head by a writeHead that middleware has replaced', async () => {
    const begin: ((response: Http3ServerResponse) => void)[] = [
      (response) => void response.end('x'),
      (response) => void response.write('x'),
      (response) => void response.flushHeaders(),
      // Middleware's own way, as old as node:http.
      (response) => void (response as unknown as { _implicitHeader(): void })._implicitHeader(),
    ];
    for (const first of begin) {
      const settled = await answer((_request, response) => {
        const { writeHead } = response;
        response.writeHead = (...head: unknown[]) => {
          response.setHeader('x-late', '1');
          return Reflect.apply(writeHead, response, head) as typeof response;
        };
        first(response);
        response.end();
      });
      expect(settled.headers).toMatchObject({ ':status': 200, 'x-late': '1' });
    }
  });

  it('keeps its methods when Express gives it the prototypes of node:http', async () => {
    const settled = await answer((request, response) => {
      Object.setPrototypeOf(request, Object.create(Object.getPrototypeOf(Object.getPrototypeOf(request)) as object));
      Object.setPrototypeOf(response, Object.create(Object.getPrototypeOf(Object.getPrototypeOf(response)) as object));
      const [incoming, outgoing] = [request as IncomingMessage, response as unknown as ServerResponse];
      outgoing.setHeader('x-a', incoming.headers.host ?? 'none');
      outgoing.statusCode = 203;
      let body = '';
      incoming.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      incoming.on('end', () => outgoing.end(`${body}!`));
    });
    expect(settled.headers).toMatchObject({ ':status': 203, 'x-a': expect.stringContaining('127.0.0.1') as string });
    expect(settled.body.toString()).toBe('!');
  });
});
