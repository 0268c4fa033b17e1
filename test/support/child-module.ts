import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Functions that a child process offers. Arguments and results pass through structured clone. */
export type RemoteFunctions<F> = { readonly [K in keyof F]: (...args: never[]) => unknown };

/** What the parent sends. */
export type ParentMessage =
  | { readonly kind: 'init'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] };

/** What the child sends. */
export type ChildMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'event'; readonly value: unknown };

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How a child process ended. */
export interface ChildEnd {
  /** null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildModuleOptions {
  /** Descriptors that the process may have open (RLIMIT_NOFILE, soft and hard). Default: as many as this process. */
  readonly descriptorLimit?: number;
}

/** How much of the child's standard error is kept for error messages, in characters. */
const KEPT_STDERR = 16 * 1024;

/** Arguments for Node to run a module, which may be TypeScript. */
export function nodeArgumentsFor(modulePath: string): string[] {
  return modulePath.endsWith('.ts') ? ['--import', new URL('./register-typescript.mjs', import.meta.url).href] : [];
}

/** What `fork` runs: Node, or a shell that lowers the limit and becomes Node. */
function launcher(
  modulePath: string,
  { descriptorLimit }: ChildModuleOptions,
): { execPath: string; execArgv: string[] } {
  const execArgv = nodeArgumentsFor(modulePath);
  if (descriptorLimit === undefined) return { execPath: process.execPath, execArgv };
  const script = `ulimit -n ${descriptorLimit} && exec "$0" "$@"`;
  return { execPath: '/bin/sh', execArgv: ['-c', script, process.execPath, ...execArgv] };
}

/**
 * A module that runs in a child process of its own and is called over IPC, so that it shares neither the event loop
 * nor the memory of its user. The module calls `serveChildModule`. It ends with its parent.
 */
export class ChildModule<F extends RemoteFunctions<F>> {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PendingCall>();
  readonly #onEvent: (value: unknown) => void;
  readonly #exited: Promise<ChildEnd>;
  #nextId = 0;
  #stderr = '';
  #ended = false;

  private constructor(modulePath: string, onEvent: (value: unknown) => void, options: ChildModuleOptions) {
    this.#onEvent = onEvent;
    this.#child = fork(modulePath, [], {
      ...launcher(modulePath, options),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    this.#child.on('message', (message) => this.#onMessage(message as ChildMessage));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('close', (code, signal) => {
      this.#fail(
        new Error(`the child process of ${modulePath} ended (${signal ?? `exit code ${code}`})\n${this.#stderr}`),
      );
    });
    // Not 'close': Node does not emit it after the parent disconnected.
    this.#exited = once(this.#child, 'exit').then(([exitCode, signal]) => ({ exitCode, signal }));
  }

  /**
   * Starts the module and waits until its start function has returned.
   * @param module URL of the module
   * @param init given to the module's start function
   * @param onEvent gets what the module emits
   * @throws what the start function threw (message and code), or an error with the child's standard error if it ended
   */
  static async start<F extends RemoteFunctions<F>>(
    module: URL,
    init: unknown,
    onEvent: (value: unknown) => void = () => undefined,
    options: ChildModuleOptions = {},
  ): Promise<ChildModule<F>> {
    const child = new ChildModule<F>(fileURLToPath(module), onEvent, options);
    try {
      await child.#request((id) => ({ kind: 'init', id, value: init }));
    } catch (error) {
      await child.stop();
      throw error;
    }
    return child;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Settles when the process has ended, by itself or by {@link stop}. */
  get exited(): Promise<ChildEnd> {
    return this.#exited;
  }

  /** Calls one of the module's functions. */
  async call<K extends keyof F & string>(name: K, ...args: Parameters<F[K]>): Promise<Awaited<ReturnType<F[K]>>> {
    const value = await this.#request((id) => ({ kind: 'call', id, name, args }));
    return value as Awaited<ReturnType<F[K]>>;
  }

  /** Ends the child process and waits for its end. Idempotent. */
  async stop(): Promise<void> {
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    await this.#exited;
    this.#fail(new Error('the child process was stopped'));
  }

  #request(message: (id: number) => ParentMessage): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#ended || !this.#child.connected) {
        reject(new Error(`the child process is gone\n${this.#stderr}`));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#child.send(message(id));
    });
  }

  #onMessage(message: ChildMessage): void {
    if (message.kind === 'event') {
      this.#onEvent(message.value);
      return;
    }
    const call = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') {
      call?.resolve(message.value);
    } else {
      call?.reject(Object.assign(new Error(message.message), message.code === undefined ? {} : { code: message.code }));
    }
  }

  #fail(error: Error): void {
    this.#ended = true;
    for (const call of this.#pending.values()) {
      call.reject(error);
    }
    this.#pending.clear();
  }
}
