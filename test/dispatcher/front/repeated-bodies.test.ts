import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

const SIZE = 500_000;

/** A server that refuses what it has read of two requests, and takes the third. */
const refusing = async () => {
  let requests = 0;
  return front((stream) => {
    stream.on('error', () => undefined);
    requests += 1;
    let received = 0;
    const refuse = requests < 3;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (refuse) stream.close(H3_ERROR.H3_REQUEST_REJECTED);
    });
    stream.on('end', () => stream.end(String(received)));
  });
};

const form = (): FormData => {
  const made = new FormData();
  made.append('file', new Blob([Buffer.alloc(SIZE)]), 'name');
  return made;
};

describe('a request that the server refuses before it processes it', () => {
  it.each([
    ['bytes', () => Buffer.alloc(SIZE)],
    ['a Blob', () => new Blob([Buffer.alloc(SIZE)])],
    ['a form', form],
  ])('is sent again with its body: %s', async (_name, make) => {
    const { dispatcher, origin } = await refusing();
    let told = 0;
    const { handler, recording } = modernHandler({
      onBodySent: (chunk) => {
        told += chunk.length;
      },
    });
    dispatcher.dispatch({ origin, method: 'POST', path: '/', body: make() as unknown as Buffer }, handler);
    await recording.done;
    expect(recording.error).toBeUndefined();
    const received = Number(Buffer.concat(recording.chunks));
    expect(received).toBeGreaterThanOrEqual(SIZE);
    // Each byte once, though it was sent more often.
    expect(told).toBe(received);
    expect(recording.calls.filter((name) => name === 'onRequestStart' || name === 'onRequestSent')).toHaveLength(2);
  });

  it('fails if its body cannot be given again', async () => {
    const { dispatcher, origin } = await refusing();
    const body = Readable.from([Buffer.alloc(SIZE)]);
    const answer = dispatcher.request({ origin, method: 'POST', path: '/', body });
    await expect(answer).rejects.toMatchObject({ code: 'UND_ERR_SOCKET', safeToRetry: true });
    expect(body.destroyed).toBe(true);
  });
});
