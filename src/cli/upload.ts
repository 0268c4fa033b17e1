import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { errorMessage } from '../errors.js';
import type { BodyInit } from '../http/request-body.js';
import type { DataArgument } from './arguments.js';
import { CliError, EXIT } from './exit-codes.js';
import type { RateLimiter } from './rate-limiter.js';

/** A request body, and what is known of it. */
export interface Upload {
  /** Method unless the user chose one. */
  readonly method: 'POST' | 'PUT';
  /** Bytes, where known beforehand. */
  readonly length: number | undefined;
  readonly contentType: string | undefined;
  /** Name of the file, for a URL that ends with '/'. */
  readonly fileName: string | undefined;
  /** It can be sent again, to where a redirect points. */
  readonly rewindable: boolean;
  /** Begins (anew) to give the body, at the limiter's pace. */
  open(limiter: RateLimiter | undefined): BodyInit;
}

const STANDARD_INPUT = '-';
const FORM = 'application/x-www-form-urlencoded';
/** Of a file: enough for a batch of datagrams. */
const READ_BYTES = 256 * 1024;

/**
 * The bytes of all `-d` options, joined with '&'.
 * @throws CliError with exit code 26 if a file cannot be read
 */
export async function readData(parts: readonly DataArgument[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const [index, part] of parts.entries()) {
    if (index > 0) pieces.push(Buffer.from('&'));
    pieces.push(await readPart(part));
  }
  return Buffer.concat(pieces);
}

/** The body of a POST of `-d`. */
export function dataUpload(data: Buffer): Upload {
  return {
    method: 'POST',
    length: data.length,
    contentType: FORM,
    fileName: undefined,
    rewindable: true,
    open: (limiter) => limiter?.pace([data]) ?? data,
  };
}

/**
 * The body of a PUT of `-T`.
 * @throws CliError with exit code 26 if the file cannot be opened
 */
export async function fileUpload(path: string): Promise<Upload> {
  const base = { method: 'PUT', contentType: undefined } as const;
  if (path === STANDARD_INPUT) {
    return {
      ...base,
      length: undefined,
      fileName: undefined,
      rewindable: false,
      open: (limiter) => limiter?.pace(process.stdin) ?? process.stdin,
    };
  }
  const length = await regularFileLength(path);
  return {
    ...base,
    length,
    fileName: basename(path),
    rewindable: length !== undefined,
    open: (limiter) => limiter?.pace(fileChunks(path)) ?? fileChunks(path),
  };
}

/** Opened by the first read: a request that is never sent leaves no descriptor behind. */
async function* fileChunks(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>;
}

/** Opens the file, so that one that cannot be read is found before anything is sent. */
async function regularFileLength(path: string): Promise<number | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new Error('it is a directory');
      return stats.isFile() ? stats.size : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readPart({ kind, value }: DataArgument): Promise<Buffer> {
  if (kind === 'data-raw' || !value.startsWith('@')) return Buffer.from(value);
  const content = await readLocalFile(value.slice(1));
  // curl's --data takes line ends and NUL out of files.
  return kind === 'data'
    ? Buffer.from(content.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0))
    : content;
}

/**
 * A local file as a whole; '-' is standard input.
 * @throws CliError with exit code 26
 */
export async function readLocalFile(path: string): Promise<Buffer> {
  try {
    return path === STANDARD_INPUT ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): CliError {
  return new CliError(EXIT.READ, `Failed to open/read local data from '${path}': ${errorMessage(error)}`, {
    cause: error,
  });
}
