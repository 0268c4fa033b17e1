import { once } from 'node:events';
import type { CliOptions, Target } from './arguments.js';
import { type CliError, EXIT } from './exit-codes.js';
import { toCliError } from './failures.js';
import type { Messages } from './messages.js';
import { FileOutput, type Output, StandardOutput } from './output.js';
import { Progress } from './progress.js';
import { readHeaderLines } from './request-headers.js';
import { SessionPool } from './session-pool.js';
import { standardOutput } from './stream-writer.js';
import { Transfer, type TransferContext } from './transfer.js';
import { readData, readLocalFile } from './upload.js';
import { Verbose } from './verbose.js';
import { formatWriteOut } from './write-out.js';

/** Runs all transfers of a command line. */
export class Run {
  readonly #options: CliOptions;
  readonly #messages: Messages;
  readonly #signal: AbortSignal;
  #writeOutFormat: string | undefined;

  /** @param signal ends everything; its reason is a CliError */
  constructor(options: CliOptions, messages: Messages, signal: AbortSignal) {
    this.#options = options;
    this.#messages = messages;
    this.#signal = signal;
  }

  /**
   * @returns the exit code: that of the last transfer as in curl, in parallel that of the last one that failed
   * @throws CliError for what concerns no single transfer
   */
  async run(): Promise<number> {
    const options = this.#options;
    for (const warning of options.warnings) this.#messages.warning(warning);
    const context = await this.#unlessInterrupted(this.#prepare());
    try {
      return options.parallel ? await this.#runParallel(context) : await this.#runInTurn(context);
    } finally {
      if (options.targets.some(({ upload }) => upload === '-')) process.stdin.destroy();
      await context.headerDump?.end();
      await context.pool.close();
    }
  }

  async #prepare(): Promise<TransferContext> {
    const options = this.#options;
    const verbose = options.verbose ? new Verbose(this.#messages) : undefined;
    const { writeOut } = options;
    this.#writeOutFormat = writeOut?.startsWith('@') ? (await readLocalFile(writeOut.slice(1))).toString() : writeOut;
    return {
      options,
      verbose,
      headerLines: await readHeaderLines(options.headers),
      data: options.data.length === 0 ? undefined : await readData(options.data),
      headerDump: await this.#headerDump(),
      progress: this.#progress(),
      pool: new SessionPool(options, this.#messages, verbose),
    };
  }

  /** Standard input may never end. */
  async #unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const signal = this.#signal;
    const waiting = new AbortController();
    const interrupted = once(signal, 'abort', { signal: waiting.signal }).then(() => Promise.reject(signal.reason));
    try {
      signal.throwIfAborted();
      return await Promise.race([work, interrupted]);
    } finally {
      // Whatever comes too late is of no interest.
      interrupted.catch(() => undefined);
      work.catch(() => undefined);
      waiting.abort();
    }
  }

  /** As in curl, the file is there before anything is fetched. */
  async #headerDump(): Promise<Output | undefined> {
    const { dumpHeader, createDirs } = this.#options;
    if (dumpHeader === undefined) return undefined;
    if (dumpHeader === '-') return new StandardOutput(false, this.#signal);
    const output = new FileOutput(dumpHeader, createDirs, this.#signal);
    await output.open();
    return output;
  }

  /** A bar, if standard error is a terminal that no response goes to. */
  #progress(): Progress | undefined {
    const { silent, progressMeter, targets } = this.#options;
    const toTerminal = process.stdout.isTTY && targets.some(({ output }) => output.kind === 'stdout');
    if (silent || !progressMeter || !process.stderr.isTTY || toTerminal) return undefined;
    const progress = new Progress();
    // However the process ends, the terminal gets its cursor back.
    process.once('exit', () => progress.clear());
    this.#messages.drawnOverBy(progress);
    return progress;
  }

  async #runInTurn(context: TransferContext): Promise<number> {
    let exitCode: number = EXIT.OK;
    for (const [number, target] of this.#options.targets.entries()) {
      const failure = await this.#runOne(target, number, context);
      exitCode = failure?.exitCode ?? EXIT.OK;
      if (failure !== undefined && this.#endsRun(failure)) break;
    }
    return exitCode;
  }

  async #runParallel(context: TransferContext): Promise<number> {
    const waiting = [...this.#options.targets.entries()];
    let exitCode: number = EXIT.OK;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const failure = await this.#runOne(next[1], next[0], context);
        if (failure === undefined) continue;
        exitCode = failure.exitCode;
        if (this.#endsRun(failure)) waiting.length = 0;
      }
    };
    await Promise.all(Array.from({ length: this.#options.parallelMax }, work));
    return exitCode;
  }

  async #runOne(target: Target, number: number, context: TransferContext): Promise<CliError | undefined> {
    const transfer = new Transfer(target, number, context);
    const failure = await transfer.run(this.#signal);
    if (failure !== undefined) this.#messages.error(failure);
    return (await this.#writeOut(transfer)) ?? failure;
  }

  /** @returns the failure to write it, if any */
  async #writeOut({ report }: Transfer): Promise<CliError | undefined> {
    const format = this.#writeOutFormat;
    if (format === undefined) return undefined;
    const unknown = (name: string): void => this.#messages.warning(`unknown --write-out variable: '${name}'`);
    try {
      for (const { stream, text } of formatWriteOut(format, report, unknown)) {
        if (stream === 'stderr') this.#messages.write(text);
        else await standardOutput().write(Buffer.from(text), this.#signal);
      }
      return undefined;
    } catch (error) {
      return toCliError(error, { host: '', port: 0, responded: true, sending: false, missingBytes: 0 });
    }
  }

  /** Nothing more can succeed: interrupted, or nobody reads what we write. */
  #endsRun(failure: CliError): boolean {
    return this.#options.failEarly || this.#signal.aborted || failure.quiet;
  }
}
