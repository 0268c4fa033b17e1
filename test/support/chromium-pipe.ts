import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Chromium reads commands from this descriptor and writes answers to the next (`--remote-debugging-pipe`). */
const COMMAND_DESCRIPTOR = 3;
const MESSAGE_END = '\0';
/** The last characters of standard error that are kept for {@link ChromiumPipe.log}. */
const KEPT_LOG = 20_000;

/** A message of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A Chromium process that is driven by the DevTools protocol over a pair of pipes: nothing listens, and no library is needed.
 */
export class ChromiumPipe {
  readonly #child: ChildProcess;
  readonly #commands: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #closed: Promise<unknown>;
  #nextId = 1;
  #received = '';
  #log = '';

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(file, ['--remote-debugging-pipe', ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#commands = this.#child.stdio[COMMAND_DESCRIPTOR] as Writable;
    // Writing to a browser that has ended breaks the pipe; its end rejects whatever waits.
    this.#commands.on('error', () => undefined);
    const answers = this.#child.stdio[COMMAND_DESCRIPTOR + 1] as Readable;
    answers.setEncoding('utf8').on('data', (text: string) => this.#onText(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-KEPT_LOG);
    });
    this.#closed = once(this.#child, 'close').then(
      () => this.#end(new Error(`${file} ended\n${this.#log}`)),
      (error: Error) => this.#end(error),
    );
    const killWithParent = () => this.#child.kill('SIGKILL');
    process.once('exit', killWithParent);
    void this.#closed.then(() => process.off('exit', killWithParent));
  }

  /** What the browser wrote to standard error. */
  log(): string {
    return this.#log;
  }

  /**
   * @param sessionId of a target; without it the command is for the browser
   * @throws Error with the browser's message, or with what it wrote if it ended
   */
  send<Result>(method: string, params: Readonly<Record<string, unknown>> = {}, sessionId?: string): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.#commands.write(`${JSON.stringify({ id, method, params, sessionId })}${MESSAGE_END}`);
    });
  }

  /** Hears all events of a target. @returns ends that */
  listen(sessionId: string, listener: (method: string, params: unknown) => void): () => void {
    const onMessage = (message: Message) => {
      if (message.sessionId === sessionId && message.method !== undefined) listener(message.method, message.params);
    };
    this.#listeners.add(onMessage);
    return () => this.#listeners.delete(onMessage);
  }

  /** Ends the browser with all its processes. Idempotent. */
  async stop(): Promise<void> {
    await Promise.race([this.send('Browser.close').catch(() => undefined), this.#closed]);
    await this.#closed;
  }

  #onText(text: string): void {
    const parts = (this.#received + text).split(MESSAGE_END);
    this.#received = parts.pop() ?? '';
    for (const part of parts) this.#onMessage(JSON.parse(part) as Message);
  }

  #onMessage(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(`Chromium: ${message.error.message}`));
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
