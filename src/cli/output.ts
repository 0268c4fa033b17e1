import type { WriteStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { OutputChoice } from './arguments.js';
import { CliError, EXIT } from './exit-codes.js';
import { StreamWriter, standardOutput, writeFailure } from './stream-writer.js';
import type { RequestUrl } from './url.js';

/** Where the bytes of a transfer, or received headers, go. */
export interface Output {
  /** Path of the file; undefined for standard output. */
  readonly fileName: string | undefined;
  /** Resolves when more is wanted. @throws CliError with exit code 23 */
  write(chunk: Uint8Array): Promise<void>;
  /** All is written: resolves when it is where it belongs. @throws CliError with exit code 23 */
  end(): Promise<void>;
  /** The transfer failed: what was written stays. */
  abandon(): Promise<void>;
}

/** What is kept for a disk that is slower than the network. */
const FILE_BUFFER_BYTES = 1024 * 1024;

interface OpenFile {
  readonly stream: WriteStream;
  readonly writer: StreamWriter;
}

/** A file that is opened by the first write, so that a transfer that brings nothing leaves a file of that name alone. */
export class FileOutput implements Output {
  readonly fileName: string;
  readonly #createDirs: boolean;
  readonly #signal: AbortSignal;
  #file: OpenFile | undefined;

  constructor(fileName: string, createDirs: boolean, signal: AbortSignal) {
    this.fileName = fileName;
    this.#createDirs = createDirs;
    this.#signal = signal;
  }

  /** Opens the file now, unless that has happened. @throws CliError with exit code 23 */
  async open(): Promise<OpenFile> {
    this.#file ??= await this.#create();
    return this.#file;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { writer } = this.#file ?? (await this.open());
    await writer.write(chunk, this.#signal);
  }

  /** An empty response makes an empty file. */
  async end(): Promise<void> {
    const { stream } = await this.open();
    stream.end();
    await finished(stream).catch((error: unknown) => {
      throw writeFailure(error);
    });
  }

  async abandon(): Promise<void> {
    if (this.#file === undefined) return;
    const { stream } = this.#file;
    stream.end();
    // The transfer's own failure is what the user is told.
    await finished(stream).catch(() => undefined);
  }

  /** Removes what was written; a device stays. */
  async remove(): Promise<void> {
    await this.abandon();
    if (this.#file !== undefined && (await stat(this.fileName)).isFile()) await rm(this.fileName);
  }

  async #create(): Promise<OpenFile> {
    try {
      if (this.#createDirs) await mkdir(dirname(this.fileName), { recursive: true });
      const file = await open(this.fileName, 'w');
      // The stream closes the file.
      const stream = file.createWriteStream({ highWaterMark: FILE_BUFFER_BYTES });
      return { stream, writer: new StreamWriter(stream) };
    } catch (error) {
      throw writeFailure(error);
    }
  }
}

/** Standard output. */
export class StandardOutput implements Output {
  readonly fileName = undefined;
  readonly #guarded: boolean;
  readonly #signal: AbortSignal;
  #checked = false;

  /** @param guarded refuse bytes that would confuse a terminal */
  constructor(guarded: boolean, signal: AbortSignal) {
    this.#guarded = guarded && process.stdout.isTTY;
    this.#signal = signal;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#guarded && !this.#checked && chunk.includes(0)) {
      const advice = 'Use "--output -" to tell necko-http3 to output it anyway, or "--output FILE" to save to a file.';
      throw new CliError(EXIT.WRITE, `Binary output can mess up your terminal. ${advice}`);
    }
    this.#checked = true;
    await standardOutput().write(chunk, this.#signal);
  }

  async end(): Promise<void> {
    await standardOutput().flush();
  }

  async abandon(): Promise<void> {
    // What was written is on its way.
  }
}

/** How output files are made. */
export interface OutputOptions {
  readonly outputDir: string | undefined;
  readonly createDirs: boolean;
}

/** @throws CliError with exit code 23 for `-O` of a URL without a file name */
export function makeOutput(
  choice: OutputChoice,
  url: RequestUrl,
  options: OutputOptions,
  signal: AbortSignal,
): FileOutput | StandardOutput {
  if (choice.kind === 'stdout') return new StandardOutput(!choice.explicit, signal);
  const name = choice.kind === 'file' ? choice.path : remoteName(url);
  const path = options.outputDir === undefined ? name : join(options.outputDir, name);
  return new FileOutput(path, options.createDirs, signal);
}

function remoteName({ href }: RequestUrl): string {
  const name = new URL(href).pathname.split('/').at(-1) ?? '';
  if (name === '') throw new CliError(EXIT.WRITE, 'Remote file name has no length!');
  return name;
}
