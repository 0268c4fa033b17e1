import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentDecoders, isDecodingError } from '../../src/cli/content-decoding.js';
import { EXIT } from '../../src/cli/exit-codes.js';

const TEXT = Buffer.from('all that glitters '.repeat(1000));

async function decode(encoding: string, bytes: Uint8Array): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write: (piece: Buffer, _encoding, done) => {
      pieces.push(piece);
      done();
    },
  });
  await pipeline([Readable.from([bytes]), ...contentDecoders(encoding), sink]);
  return Buffer.concat(pieces);
}

describe('--compressed', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['GZIP , identity', gzipSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
  ])('undoes %s', async (encoding, bytes) => {
    expect(await decode(encoding, bytes)).toEqual(TEXT);
  });

  it.each(['zstd', 'gzip, toString', Array(6).fill('gzip').join(',')])('refuses %s', (encoding) => {
    expect(() => contentDecoders(encoding)).toThrow(expect.objectContaining({ exitCode: EXIT.BAD_ENCODING }));
  });

  it('knows its own errors', async () => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const error: unknown = await decode(encoding, Buffer.from('not compressed at all')).catch(
        (reason: unknown) => reason,
      );
      expect(isDecodingError(error)).toBe(true);
    }
    expect(isDecodingError(Object.assign(new Error('no'), { code: 'ECONNRESET' }))).toBe(false);
  });
});
