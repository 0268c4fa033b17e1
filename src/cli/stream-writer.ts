import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { errorMessage } from '../errors.js';
import { CliError, EXIT } from './exit-codes.js';
import { codeOf } from './failures.js';

/** Writes to a stream with back-pressure; its failure comes out of the next call as a CliError with exit code 23. */
export class StreamWriter {
  readonly #stream: Writable;
  #error: unknown;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Resolves when the stream wants more.
   * @param signal ends the wait, not the write
   */
  async write(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#check();
    if (this.#stream.write(chunk)) return;
    await once(this.#stream, 'drain', { signal }).catch((error: unknown) => {
      throw signal.aborted ? error : writeFailure(error);
    });
  }

  /** Resolves when everything was handed to the system. */
  async flush(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve, reject) => {
      this.#stream.write('', (error) => (error ? reject(writeFailure(error)) : resolve()));
    });
  }

  #check(): void {
    // A stream that was destroyed emits nothing more, not even for a write.
    if (this.#error !== undefined || this.#stream.destroyed) throw writeFailure(this.#error);
  }
}

/** Quiet if the reader of a pipe has gone: it knows. */
export function writeFailure(error: unknown): CliError {
  const detail = error === undefined ? '' : `: ${errorMessage(error)}`;
  return new CliError(EXIT.WRITE, `Failure writing output to destination${detail}`, {
    quiet: codeOf(error) === 'EPIPE',
    cause: error,
  });
}

let stdoutWriter: StreamWriter | undefined;

/** Standard output, shared by everything that writes to it. */
export function standardOutput(): StreamWriter {
  stdoutWriter ??= new StreamWriter(process.stdout);
  return stdoutWriter;
}
