import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const BLOCK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** A file of a site, with what a client must get. */
export interface SiteFile {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * Pseudo-random bytes (AES-128-CTR of zeros), the same in every run, so that a lost, repeated or shifted block shows.
 * @param bytes how many
 * @param seed different seeds give different bytes; default 0
 */
export function* generateBody(bytes: number, seed = 0): Generator<Buffer> {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed >>> 0);
  const keystream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = bytes; left > 0; left -= BLOCK_BYTES) {
    yield keystream.update(left >= BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, left));
  }
}

/** SHA-256 in hex of {@link generateBody}. */
export function bodySha256(bytes: number, seed = 0): string {
  const hash = createHash('sha256');
  for (const block of generateBody(bytes, seed)) {
    hash.update(block);
  }
  return hash.digest('hex');
}

/** Writes {@link generateBody} to a file. */
export async function writeSiteFile(directory: string, name: string, bytes: number, seed = 0): Promise<SiteFile> {
  const hash = createHash('sha256');
  function* hashed(): Generator<Buffer> {
    for (const block of generateBody(bytes, seed)) {
      hash.update(block);
      yield block;
    }
  }
  await pipeline(Readable.from(hashed()), createWriteStream(join(directory, name)));
  return { bytes, sha256: hash.digest('hex') };
}
