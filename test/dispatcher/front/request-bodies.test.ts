import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { FormData as UndiciFormData, Response as UndiciResponse } from 'undici';
import { describe, expect, it } from 'vitest';
import { toOutgoingBody } from '../../../src/client/dispatcher/outgoing-body.js';
import type { StreamListener } from '../../../src/server/server-types.js';
import { type Front, front } from './front.js';

/** Says what it got. */
const echo: StreamListener = (stream, headers) => {
  const chunks: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const body = Buffer.concat(chunks);
    stream.respond({ 'content-type': 'application/json' });
    stream.end(
      JSON.stringify({
        body: body.toString('latin1'),
        length: headers['content-length'],
        type: headers['content-type'],
      }),
    );
  });
};

interface Echo {
  readonly body: string;
  readonly length?: string;
  readonly type?: string;
}

async function post({ dispatcher, origin }: Front, body: unknown, options: object = {}): Promise<Echo> {
  const response = await dispatcher.request({ origin, path: '/', method: 'POST', body: body as Buffer, ...options });
  return (await response.body.json()) as Echo;
}

/** A form's fields as undici reads them. */
async function parseForm({ body, type }: Echo): Promise<unknown[]> {
  const form = await new UndiciResponse(Buffer.from(body, 'latin1'), {
    headers: { 'content-type': type ?? '' },
  }).formData();
  const fields: unknown[] = [];
  for (const [name, value] of form) {
    fields.push(typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()]);
  }
  return fields;
}

async function* generate(): AsyncGenerator<unknown> {
  yield 'a';
  await turn();
  yield Buffer.from('b');
  yield new Uint8Array(0);
  yield new Uint16Array([0x6363]);
}

const BODIES: readonly (readonly [name: string, make: () => unknown, body: string, length: string | undefined])[] = [
  ['a string', () => 'h\xe9', 'h\xc3\xa9', '3'],
  ['a Buffer', () => Buffer.from('abc'), 'abc', '3'],
  ['a view of a part', () => new Uint8Array(Buffer.from('abcd')).subarray(1, 3), 'bc', '2'],
  ['a DataView', () => new DataView(new TextEncoder().encode('abcd').buffer, 1, 2), 'bc', '2'],
  ['an ArrayBuffer', () => new TextEncoder().encode('abc').buffer, 'abc', '3'],
  ['a Blob', () => new Blob(['ab', 'c']), 'abc', '3'],
  ['a Readable', () => Readable.from([Buffer.from('a'), Buffer.from('bc')]), 'abc', undefined],
  ['a Readable of strings', () => Readable.from(['a', 'bc']), 'abc', undefined],
  ['a web stream', () => new Blob(['abc']).stream(), 'abc', undefined],
  ['an async generator', generate, 'abcc', undefined],
  ['an iterable', () => ['a', Buffer.from('b')], 'ab', undefined],
  ['nothing', () => null, '', '0'],
  ['an empty string', () => '', '', '0'],
  ['an empty Buffer', () => Buffer.alloc(0), '', '0'],
  ['an empty Blob', () => new Blob([]), '', '0'],
  ['an empty Readable', () => Readable.from([]), '', undefined],
];

describe('a request body', () => {
  it.each(BODIES)('is %s', async (_name, make, body, length) => {
    const reached = await front(echo);
    expect(await post(reached, make())).toMatchObject({ body, ...(length !== undefined && { length }) });
  });

  it('of a stream has the length that its user knows', async () => {
    const headers = { 'content-length': '3' };
    expect(await post(await front(echo), Readable.from(['abc']), { headers })).toMatchObject({
      body: 'abc',
      length: '3',
    });
  });

  it('of a Blob has the Blob’s type, unless another is given', async () => {
    const reached = await front(echo);
    const blob = new Blob(['x'], { type: 'text/x' });
    expect(await post(reached, blob)).toMatchObject({ type: 'text/x' });
    expect(await post(reached, blob, { headers: { 'content-type': 'text/y' } })).toMatchObject({ type: 'text/y' });
  });

  it.each([
    ['Node’s', () => new FormData()],
    ['undici’s', () => new UndiciFormData() as unknown as FormData],
  ])('is a form of %s class', async (_name, make) => {
    const form = make();
    form.append('plain', 'a\nb\r\nc\rd');
    form.append('a "name"\n', 'x');
    form.append('file', new Blob(['\0\xff'], { type: 'a/b' }), 'na"me.txt');
    form.append('file', new Blob(['second']));
    const echoed = await post(await front(echo), form);
    expect(echoed.length).toBe(String(Buffer.byteLength(echoed.body, 'latin1')));
    const copy = new UndiciFormData();
    for (const [name, value] of form) {
      if (typeof value === 'string') copy.append(name, value);
      else copy.append(name, value, value.name);
    }
    const reference = new UndiciResponse(copy);
    const expected = {
      body: Buffer.from(await reference.arrayBuffer()).toString('latin1'),
      type: reference.headers.get('content-type') ?? '',
    };
    const withoutBoundary = ({ body, type }: Echo): string => body.replaceAll(type?.split('boundary=')[1] ?? '?', 'B');
    expect(withoutBoundary(echoed)).toBe(withoutBoundary(expected));
    expect(await parseForm(echoed)).toHaveLength(4);
  });

  it('is an empty form', async () => {
    expect(await parseForm(await post(await front(echo), new FormData()))).toEqual([]);
  });

  it('of 20 MB arrives whole, whatever it is made of', async () => {
    const data = Buffer.alloc(20_000_000, 'abcdefg');
    const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const reached = await front((stream) => {
      const hash = createHash('sha256');
      stream.on('data', (chunk: Buffer) => hash.update(chunk));
      stream.on('end', () => stream.end(hash.digest('hex')));
    });
    for (const body of [data, new Blob([data]), Readable.from([data.subarray(0, 7), data.subarray(7)])]) {
      const { dispatcher, origin } = reached;
      const response = await dispatcher.request({ origin, path: '/', method: 'PUT', body: body as Buffer });
      expect(await response.body.text()).toBe(sum(data));
    }
  });
});

describe('a request body that fails', () => {
  it.each([
    [
      'a Readable',
      () =>
        new Readable({
          read() {
            this.destroy(new Error('kaput'));
          },
        }),
    ],
    [
      'a Readable that failed before',
      () => {
        const stream = new PassThrough();
        stream.on('error', () => undefined).destroy(new Error('kaput'));
        return stream;
      },
    ],
    [
      'a generator',
      async function* () {
        yield 'a';
        throw new Error('kaput');
      },
    ],
    [
      'a web stream',
      () =>
        new ReadableStream({
          pull(controller) {
            controller.error(new Error('kaput'));
          },
        }),
    ],
  ])('fails the request with its own error: %s', async (_name, make) => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const body = make() as unknown as Buffer;
    await expect(dispatcher.request({ origin, path: '/', method: 'POST', body })).rejects.toThrow('kaput');
  });

  it('while nobody reads it yet fails the request as well', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const body = new PassThrough();
    const answer = dispatcher.request({ origin, path: '/', method: 'POST', body });
    body.destroy(new Error('too early'));
    await expect(answer).rejects.toThrow('too early');
  });

  it('because it was destroyed without a reason fails the request', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const body = new PassThrough();
    const answer = dispatcher.request({ origin, path: '/', method: 'POST', body });
    body.destroy();
    await expect(answer).rejects.toThrow();
  });

  it.each([
    ['a number', [1]],
    ['null', [null]],
    ['an object', [{}]],
  ])('because a chunk is %s fails the request', async (_name, chunks) => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const answer = dispatcher.request({ origin, path: '/', method: 'POST', body: chunks as unknown as Buffer });
    await expect(answer).rejects.toThrow('must be a string or bytes');
  });

  it('is destroyed when its request fails', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const body = new PassThrough();
    const abort = new AbortController();
    const answer = dispatcher.request({ origin, path: '/', method: 'POST', body, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(body.destroyed).toBe(true);
  });
});

describe('a body whose length is another than it says', () => {
  it.each([
    ['shorter', ['ab']],
    ['longer', ['ab', 'cd']],
  ])('fails the request if it is %s', async (_name, chunks) => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).resume());
    const headers = { 'content-length': '3' };
    await expect(
      dispatcher.request({ origin, path: '/', method: 'POST', headers, body: Readable.from(chunks) }),
    ).rejects.toMatchObject({
      code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
    });
  });

  it.each([
    ['bytes', () => 'abcd', '4'],
    ['a stream', () => Readable.from(['ab', 'cd']), undefined],
  ])('is sent with a warning if that is allowed: %s', async (_name, make, length) => {
    const reached = await front(echo, { strictContentLength: false });
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    const echoed = await post(reached, make(), { headers: { 'content-length': '3' } });
    expect([echoed.body, echoed.length]).toEqual(['abcd', length]);
    expect(await warning).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' });
  });
});

describe('a body for another way', () => {
  const read = async (source: unknown): Promise<string> => {
    let text = '';
    for await (const chunk of source as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
    return text;
  };

  it('is untouched until it is iterated', async () => {
    let begun = 0;
    const body = toOutgoingBody({
      async *[Symbol.asyncIterator]() {
        begun += 1;
        yield 'abc';
      },
    });
    const forTcp = body.forTcp();
    expect([begun, body.replayable]).toEqual([0, true]);
    expect(await read(forTcp)).toBe('abc');
    expect([begun, body.replayable]).toEqual([1, false]);
  });

  it('can be given as often as wanted if it is bytes, a Blob or a form', async () => {
    const form = new FormData();
    form.append('a', new Blob(['b']), 'c');
    for (const given of ['abc', new Blob(['abc']), form]) {
      const body = toOutgoingBody(given);
      const texts = [];
      for (let time = 0; time < 2; time += 1) {
        const forTcp = body.forTcp();
        texts.push(Buffer.isBuffer(forTcp) ? forTcp.toString() : await read(forTcp));
      }
      expect(texts[0]).toBe(texts[1]);
      expect(texts[0]).toHaveLength(body.length ?? -1);
      expect(body.replayable).toBe(true);
    }
  });

  it('is read from streams older than async iteration', async () => {
    const nothing = (): void => undefined;
    const old = Object.assign(new EventEmitter(), {
      pipe: nothing,
      pause: nothing,
      resume: () => {
        setImmediate(() => {
          old.emit('data', Buffer.from('abc'));
          old.emit('end');
        });
      },
    });
    expect(await read(toOutgoingBody(old).forTcp())).toBe('abc');
  });
});
