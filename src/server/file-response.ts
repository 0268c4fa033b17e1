import { close, fstat, open, read, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http2';
import { asError, H3_ERROR, InvalidArgumentError, ResponseError, reportUncaught } from '../errors.js';
import { FILE_BLOCK_BYTES, returnFileBlock, takeFileBlock } from './file-blocks.js';
import type { ServerFileResponseOptions, ServerHttp3Stream } from './server-types.js';

/** Statuses of responses without a body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
const BODILESS = new Set([204, 205, 304]);

/**
 * Answers with a regular file, as node:http2's respondWithFile. `content-length` is set, the file is read in blocks of
 * 256 KiB, one at a time, and only as fast as the client takes it; its first block goes together with the headers. For
 * HEAD only the headers are sent. The file is closed when the response is complete or the stream is gone.
 *
 * A file that cannot be opened (`ENOENT`, `EACCES` …) or read, a directory (`EISDIR`) or a part that it does not have
 * (`ERR_OUT_OF_RANGE`) is reported to `onError`, or destroys the stream. A file that turns out shorter than it was
 * destroys the stream: its content-length was promised.
 *
 * @throws ResponseError ERR_HTTP3_INVALID_STREAM, ERR_HTTP3_HEADERS_SENT, ERR_HTTP3_PAYLOAD_FORBIDDEN;
 *   InvalidArgumentError for an option
 */
export function respondWithFile(
  stream: ServerHttp3Stream,
  path: string,
  headers: OutgoingHttpHeaders = {},
  options: ServerFileResponseOptions = {},
): void {
  checkUse(stream, headers, options);
  open(path, 'r', (error, fd) => {
    const response = new FileResponse(stream, fd, { ...headers }, options, options.onError);
    if (error !== null) {
      response.fail(error);
    } else {
      response.ownFd();
      response.start();
    }
  });
}

/**
 * Answers with an open file, as {@link respondWithFile}. The descriptor stays the caller's: neither a number nor a
 * FileHandle is closed, and it must stay open until the stream's 'close'. What is no regular file is read to its end.
 *
 * @throws as respondWithFile
 */
export function respondWithFD(
  stream: ServerHttp3Stream,
  fd: number | FileHandle,
  headers: OutgoingHttpHeaders = {},
  options: ServerFileResponseOptions = {},
): void {
  checkUse(stream, headers, options);
  const number = typeof fd === 'number' ? fd : fd?.fd;
  if (!Number.isInteger(number) || number < 0) {
    throw new InvalidArgumentError('fd: must be an open descriptor or FileHandle');
  }
  new FileResponse(stream, number, { ...headers }, options, undefined).start();
}

function checkUse(stream: ServerHttp3Stream, headers: OutgoingHttpHeaders, options: ServerFileResponseOptions): void {
  if (stream.destroyed || stream.closed) throw new ResponseError('ERR_HTTP3_INVALID_STREAM', 'The stream is closed');
  if (stream.headersSent) throw new ResponseError('ERR_HTTP3_HEADERS_SENT', 'The response has already begun');
  const { offset, length, statCheck } = options;
  if (offset !== undefined && !(Number.isSafeInteger(offset) && offset >= 0)) {
    throw new InvalidArgumentError('offset: must be a whole number, at least 0');
  }
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= -1)) {
    throw new InvalidArgumentError('length: must be a whole number, or -1 for all');
  }
  if (statCheck !== undefined && typeof statCheck !== 'function') {
    throw new InvalidArgumentError('statCheck: must be a function');
  }
  const status = Number(headers[':status'] ?? 200);
  if (BODILESS.has(status)) {
    throw new ResponseError('ERR_HTTP3_PAYLOAD_FORBIDDEN', `Responses with status ${status} have no body`);
  }
}

/** One file on its way to one stream. */
class FileResponse {
  readonly #stream: ServerHttp3Stream;
  readonly #fd: number;
  readonly #headers: OutgoingHttpHeaders;
  readonly #options: ServerFileResponseOptions;
  readonly #onError: ((error: NodeJS.ErrnoException) => void) | undefined;
  #ownsFd = false;
  /** Where to read next; null for what has no positions (pipes). */
  #position: number | null = 0;
  /** Bytes yet to be read; infinite for what has no size. */
  #left = Number.POSITIVE_INFINITY;
  /** A call is under way that uses the descriptor: it must not be closed, and perhaps be another file's, meanwhile. */
  #usesFd = false;
  #ended = false;

  constructor(
    stream: ServerHttp3Stream,
    fd: number,
    headers: OutgoingHttpHeaders,
    options: ServerFileResponseOptions,
    onError: ((error: NodeJS.ErrnoException) => void) | undefined,
  ) {
    this.#stream = stream;
    this.#fd = fd;
    this.#headers = headers;
    this.#options = options;
    this.#onError = onError;
  }

  /** From here on the descriptor is closed at the end. */
  ownFd(): void {
    this.#ownsFd = true;
  }

  start(): void {
    this.#stream.once('close', () => this.#finish());
    this.#usesFd = true;
    fstat(this.#fd, (error, stats) => {
      this.#usesFd = false;
      if (this.#isOver()) return;
      if (error !== null) this.fail(error);
      else this.#begin(stats);
    });
  }

  /** Before the headers: the caller may still answer with something else. After them, the stream ends with the error. */
  fail(error: NodeJS.ErrnoException): void {
    const stream = this.#stream;
    this.#finish();
    const onError = this.#onError;
    if (onError !== undefined && !stream.headersSent && !stream.destroyed) this.#callUser(() => onError(error));
    else stream.destroy(error);
  }

  /** What a callback throws is an uncaught exception; the client does not wait for the end of its connection. */
  #callUser<Result>(callback: () => Result): Result | false {
    try {
      return callback();
    } catch (error) {
      reportUncaught(error);
      this.#stream.close(H3_ERROR.H3_INTERNAL_ERROR);
      return false;
    }
  }

  #begin(stats: Stats): void {
    const stream = this.#stream;
    if (stats.isDirectory()) {
      this.fail(fileError('EISDIR', 'EISDIR: illegal operation on a directory, read'));
      return;
    }
    const part = { offset: this.#options.offset ?? 0, length: this.#options.length ?? -1 };
    const goOn = this.#callUser(() => this.#options.statCheck?.call(stream, stats, this.#headers, part));
    if (goOn === false || stream.headersSent || this.#isOver()) {
      this.#finish();
      return;
    }
    const { offset, length } = part;
    if (stats.isFile()) {
      if (offset > stats.size) {
        this.fail(fileError('ERR_OUT_OF_RANGE', `offset: ${offset} is beyond the file's end at ${stats.size}`));
        return;
      }
      this.#position = offset;
      this.#left = length < 0 ? stats.size - offset : Math.min(stats.size - offset, length);
      this.#headers['content-length'] = this.#left;
    } else if (offset > 0) {
      this.fail(fileError('ESPIPE', 'ESPIPE: only a regular file can be sent from an offset'));
      return;
    } else {
      this.#position = null;
      if (length >= 0) this.#left = length;
    }
    if (stream.headRequest || this.#left === 0) this.#respond(true);
    else this.#readBlock();
  }

  /**
   * @param endStream there is no body; trailers may follow all the same
   * @returns false if the headers cannot be sent
   */
  #respond(endStream: boolean): boolean {
    const { waitForTrailers = false, sendDate = true } = this.#options;
    const stream = this.#stream;
    try {
      stream.respond(this.#headers, {
        endStream: endStream && (!waitForTrailers || stream.headRequest),
        waitForTrailers,
        sendDate,
      });
    } catch (error) {
      // The caller's turn is over: as node:http2, nobody is left to catch it.
      this.fail(asError(error));
      return false;
    }
    if (endStream) this.#end();
    return true;
  }

  #readBlock(): void {
    const wanted = Math.min(this.#left, FILE_BLOCK_BYTES);
    const block = takeFileBlock(wanted);
    this.#usesFd = true;
    read(this.#fd, block, 0, Math.min(wanted, block.length), this.#position, (error, count) => {
      this.#usesFd = false;
      if (this.#isOver() || error !== null || count === 0) {
        returnFileBlock(block);
        if (!this.#isOver()) this.#onNoBlock(error);
        return;
      }
      this.#sendBlock(block, count);
    });
  }

  #onNoBlock(error: NodeJS.ErrnoException | null): void {
    if (error !== null) {
      this.fail(error);
    } else if (this.#position === null) {
      // The end of a pipe is its size.
      if (this.#stream.headersSent) this.#end();
      else this.#respond(true);
    } else {
      this.fail(fileError('ERR_HTTP3_FILE_TRUNCATED', `The file ended ${this.#left} bytes short of its size`));
    }
  }

  #sendBlock(block: Buffer, count: number): void {
    const stream = this.#stream;
    // In one turn with the body's first bytes: one packet for a small file.
    if (!stream.headersSent && !this.#respond(false)) {
      returnFileBlock(block);
      return;
    }
    this.#left -= count;
    if (this.#position !== null) this.#position += count;
    stream.write(count === block.length ? block : block.subarray(0, count), (error) => {
      returnFileBlock(block);
      if (!error && !this.#isOver() && this.#left > 0) this.#readBlock();
    });
    if (this.#left === 0) this.#end();
  }

  #end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
    this.#finish();
  }

  /** Nothing more is to be read. Closes a descriptor of ours, if no call holds it. */
  #isOver(): boolean {
    if (!this.#ended && !this.#stream.destroyed) return false;
    this.#finish();
    return true;
  }

  #finish(): void {
    this.#ended = true;
    if (!this.#ownsFd || this.#usesFd) return;
    this.#ownsFd = false;
    // An error of close cannot be acted on: everything was read.
    close(this.#fd, () => {});
  }
}

function fileError(code: string, message: string): NodeJS.ErrnoException {
  return new ResponseError(code, message);
}
