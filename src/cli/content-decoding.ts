import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { CliError, EXIT } from './exit-codes.js';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** A list longer than this is an attack, not an encoding. */
const MAX_ENCODINGS = 5;

/**
 * Streams that undo the content codings of a response (RFC 9110 8.4), in the order in which they have to run.
 *
 * @throws CliError with exit code 61 for a coding that is not known
 */
export function contentDecoders(contentEncoding: string | undefined): Transform[] {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MAX_ENCODINGS) throw new CliError(EXIT.BAD_ENCODING, 'Too many content encodings');
  return codings.reverse().map((coding) => {
    const create = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
    if (create === undefined) {
      throw new CliError(
        EXIT.BAD_ENCODING,
        `Unrecognized content encoding type '${coding}': gzip, deflate and br are known`,
      );
    }
    return create();
  });
}

/** Whether an error came out of a decoder. */
export function isDecodingError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(?:Z_|ERR_BROTLI|ERR__ERROR|ERR_PADDING)/.test(String(error.code))
  );
}
