import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { InvalidArgumentError } from '../../src/errors.js';
import { IterableBody, PushBody, type RequestBody, toRequestBody } from '../../src/http/request-body.js';

/** Takes a body as a stream does, at most `step` bytes at a time. */
async function readAll(body: RequestBody, step = Number.POSITIVE_INFINITY): Promise<string> {
  let wake: () => void = () => undefined;
  body.start(() => wake());
  const chunks: Buffer[] = [];
  for (;;) {
    const readable = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const chunk = body.current();
    if (chunk !== undefined) {
      const taken = Math.min(step, chunk.length);
      chunks.push(Buffer.from(chunk.subarray(0, taken)));
      body.consume(taken);
      continue;
    }
    if (body.error !== undefined) throw body.error;
    if (body.ended) return Buffer.concat(chunks).toString();
    await readable;
  }
}

describe('toRequestBody', () => {
  it.each<[string, () => Parameters<typeof toRequestBody>[0]]>([
    ['a string', () => 'h\u00e9llo'],
    ['a Buffer', () => Buffer.from('h\u00e9llo')],
    ['an ArrayBuffer', () => new TextEncoder().encode('h\u00e9llo').buffer],
    ['an iterable', () => ['h\u00e9', 'llo']],
    [
      'an async generator',
      async function* () {
        yield 'h\u00e9';
        yield '';
        yield Buffer.from('llo');
      } as unknown as () => AsyncIterable<unknown>,
    ],
    ['a Readable', () => Readable.from([Buffer.from('h\u00e9'), Buffer.from('llo')])],
    ['a web stream', () => new Blob(['h\u00e9llo']).stream() as unknown as AsyncIterable<unknown>],
  ])('gives the bytes of %s', async (_what, make) => {
    expect(await readAll(toRequestBody(make()))).toBe('h\u00e9llo');
    expect(await readAll(toRequestBody(make()), 2)).toBe('h\u00e9llo');
  });

  it('knows the length of what is there as a whole', () => {
    expect(toRequestBody('h\u00e9').length).toBe(3);
    expect(toRequestBody(new DataView(new ArrayBuffer(7))).length).toBe(7);
    expect(toRequestBody([]).length).toBeUndefined();
  });

  it.each([7, true, {}, null])('refuses %j', (body) => {
    expect(() => toRequestBody(body as unknown as string)).toThrow(InvalidArgumentError);
  });

  it('can give a buffer again, and an iterable only before anything was taken', async () => {
    const buffer = toRequestBody('abc');
    buffer.consume(2);
    expect(buffer.replayable).toBe(true);
    buffer.rewind();
    expect(await readAll(buffer)).toBe('abc');
    const iterable = toRequestBody(['abc']);
    expect(iterable.replayable).toBe(true);
    await readAll(iterable);
    expect(iterable.replayable).toBe(false);
  });
});

describe('IterableBody', () => {
  it('asks for the next chunk only when the present one was taken whole', async () => {
    let asked = 0;
    async function* source(): AsyncGenerator<string> {
      for (;;) {
        asked += 1;
        yield 'abc';
      }
    }
    const body = new IterableBody(source());
    body.start(() => undefined);
    expect(asked).toBe(0);
    body.current();
    await vi.waitUntil(() => body.current() !== undefined);
    body.consume(2);
    body.current();
    await new Promise(setImmediate);
    expect(asked).toBe(1);
    body.consume(1);
    body.current();
    await vi.waitUntil(() => asked === 2);
    body.discard(undefined);
  });

  it('reports the failure of its source, and a chunk that is no bytes', async () => {
    const failing = (async function* () {
      yield 'a';
      throw new Error('mine');
    })();
    await expect(readAll(new IterableBody(failing))).rejects.toThrow('mine');
    await expect(readAll(new IterableBody([7]))).rejects.toThrow(/must be a string or bytes, not number/);
  });

  it('lets a generator run its finally block when it is discarded', async () => {
    const finished = vi.fn();
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'abc';
      } finally {
        finished();
      }
    }
    const body = new IterableBody(source());
    body.start(() => undefined);
    body.current();
    await vi.waitUntil(() => body.current() !== undefined);
    body.discard(undefined);
    await vi.waitUntil(() => finished.mock.calls.length === 1);
  });
});

describe('PushBody', () => {
  it('calls back when the whole chunk was taken, in a turn of its own', async () => {
    const body = new PushBody();
    const callback = vi.fn();
    body.start(() => undefined);
    body.push(Buffer.from('abc'), callback);
    body.consume(2);
    await new Promise(setImmediate);
    expect(callback).not.toHaveBeenCalled();
    body.consume(1);
    expect(callback).not.toHaveBeenCalled();
    await new Promise(setImmediate);
    expect(callback).toHaveBeenCalledOnce();
    expect(body.replayable).toBe(false);
  });

  it('ends after its last chunk', () => {
    const body = new PushBody();
    body.push(Buffer.from('abc'), () => undefined);
    body.end();
    expect(body.ended).toBe(false);
    body.consume(3);
    expect(body.ended).toBe(true);
  });

  it('fails the waiting chunk and every later one when it is discarded with an error', async () => {
    const body = new PushBody();
    const error = new Error('gone');
    const first = new Promise((resolve) => body.push(Buffer.from('a'), resolve));
    body.discard(error);
    expect(await first).toBe(error);
    expect(await new Promise((resolve) => body.push(Buffer.from('b'), resolve))).toBe(error);
  });

  it('swallows what is pushed after the server wanted no more', async () => {
    const body = new PushBody();
    body.discard(undefined);
    expect(await new Promise((resolve) => body.push(Buffer.from('b'), resolve))).toBeUndefined();
  });
});
