import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nodeArgumentsFor } from './child-module.js';

const DEFAULT_DEADLINE_MS = 60_000;

export interface RunOptions {
  /** Arguments of the module. */
  readonly args?: readonly string[];
  /** Arguments of Node, such as `--expose-gc`. */
  readonly nodeArgs?: readonly string[];
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to standard input, which is then ended. Default: nothing. */
  readonly input?: string | Uint8Array;
  /** A child that still runs after this long is killed and the run fails. Default 60,000. */
  readonly deadlineMs?: number;
}

export interface ChildOutcome {
  /** null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and collects what it wrote. The exit code is the caller's to judge.
 * @throws Error with what it wrote so far if it has not ended by the deadline: a hang never passes for a result
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: Omit<RunOptions, 'args' | 'nodeArgs'> = {},
): Promise<ChildOutcome> {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A child that ends without reading its input breaks the pipe; its exit code tells more.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');

  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  let overdue = false;
  const deadline = setTimeout(() => {
    overdue = true;
    child.kill('SIGKILL');
    // Programs that it started may hold the other ends open; 'close' must not wait for them.
    child.stdout.destroy();
    child.stderr.destroy();
  }, deadlineMs);
  try {
    const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (overdue) {
      throw new Error(`${file} ${args.join(' ')} did not end within ${deadlineMs} ms\n${stdout}\n${stderr}`);
    }
    return { exitCode, signal, stdout, stderr };
  } finally {
    clearTimeout(deadline);
  }
}

/**
 * Runs a module (TypeScript or JavaScript) in a Node process of its own, to its end. See {@link runProgram}.
 * @param modulePath file path
 */
export function runModule(modulePath: string, options: RunOptions = {}): Promise<ChildOutcome> {
  const { args = [], nodeArgs = [], ...rest } = options;
  return runProgram(process.execPath, [...nodeArgs, ...nodeArgumentsFor(modulePath), modulePath, ...args], rest);
}
