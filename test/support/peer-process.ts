import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Part of util-linux, which Debian always has. */
const SETPRIV = '/usr/bin/setpriv';
/** Lines of output kept for {@link PeerProcess.log}. */
const KEPT_LINES = 2000;
/** A peer that has not ended this long after SIGTERM gets SIGKILL. */
const TERM_PATIENCE_MS = 5_000;

export interface PeerOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each line of standard output. */
  readonly onLine?: (line: string) => void;
}

/**
 * A server that runs beside the tests. It ends with this process: where there is `setpriv`, even if this process is killed.
 */
export class PeerProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #closed: Promise<void>;
  #startError: Error | undefined;

  constructor(file: string, args: readonly string[], options: PeerOptions = {}) {
    const prefix = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--'] : [];
    const [command = file, ...commandArgs] = [...prefix, file, ...args];
    this.#name = file;
    this.#child = spawn(command, commandArgs, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    this.#child.on('error', (error) => {
      this.#startError = error;
    });
    // Writing to a peer that has ended breaks the pipe; its end is reported where it is waited for.
    this.#child.stdin.on('error', () => undefined);
    createInterface(this.#child.stdout).on('line', (line) => {
      this.#keep(line);
      options.onLine?.(line);
    });
    createInterface(this.#child.stderr).on('line', (line) => this.#keep(line));
    const killWithParent = () => this.#child.kill('SIGKILL');
    process.once('exit', killWithParent);
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', () => {
        process.off('exit', killWithParent);
        resolve();
      });
    });
  }

  /** @throws the error of starting it */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) {
      throw this.#startError ?? new Error(`${this.#name} has not started`);
    }
    return pid;
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last 2,000 lines that it wrote to standard output and standard error. */
  log(): string {
    return this.#lines.join('\n');
  }

  writeLine(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** An error that says how it ended and what it wrote, for a peer that did not do what was expected. */
  failure(expected: string): Error {
    const end = this.#startError?.message ?? this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
    const state = this.isRunning ? 'is still running' : `ended (${end})`;
    return new Error(`${this.#name}: ${expected}, but it ${state}\n${this.log()}`);
  }

  /**
   * Waits for something that the peer should do.
   * @param expected what, for the error
   * @throws Error with the peer's output if the peer ends first, or if the time is over
   */
  async expect<T>(expected: string, promise: Promise<T>, deadlineMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_resolve, reject) => {
      const fail = () => reject(this.failure(expected));
      timer = setTimeout(fail, deadlineMs);
      this.#closed.then(fail);
    });
    try {
      return await Promise.race([promise, failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it with SIGTERM, or with SIGKILL if it does not heed that, and waits for its end. Idempotent. */
  async stop(): Promise<void> {
    if (this.isRunning) {
      this.#child.kill('SIGTERM');
    }
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), TERM_PATIENCE_MS);
    await this.#closed;
    clearTimeout(patience);
  }

  /** Ends it with SIGKILL, so that it says goodbye to nobody, and waits for its end. Idempotent. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Stops (true) or continues (false) it by SIGSTOP and SIGCONT: a peer that hangs. */
  freeze(frozen: boolean): void {
    this.#child.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) {
      this.#lines.shift();
    }
  }
}
