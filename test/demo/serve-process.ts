import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** It runs the build in dist/, which the set-up makes. */
export const DEMO = fileURLToPath(new URL('../../scripts/demo/main.mjs', import.meta.url));

const LAST_LINE_OF_INSTRUCTIONS = 'Requests as they come';

/** `npm run demo -- serve`, as a user runs it. */
export interface ServeProcess {
  /** Without the slash at its end. */
  readonly origin: string;
  readonly port: number;
  /** What it says of itself. */
  readonly instructions: string;
  /** All lines so far, the instructions included. */
  readonly lines: readonly string[];
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void;
  /** Settles with exit code and signal, when all output is there. */
  readonly closed: Promise<unknown[]>;
}

/** Starts it at a port of the system's choice; it ends with the test. @throws Error with its output if it does not start */
export async function startServe(directory: string, args: readonly string[] = ['--port', '0']): Promise<ServeProcess> {
  const child = spawn(process.execPath, [DEMO, 'serve', directory, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (line.startsWith(LAST_LINE_OF_INSTRUCTIONS)) resolve();
    });
  });
  const failed = closed.then(() => Promise.reject(new Error(lines.join('\n'))));
  // It always comes in the end.
  failed.catch(() => undefined);
  await Promise.race([ready, failed]);
  const instructions = lines.join('\n');
  const origin = /URL +(https:\/\/\S+)\/\n/.exec(instructions)?.[1] ?? '';
  return {
    origin,
    port: Number(new URL(origin).port),
    instructions,
    lines,
    kill: (signal) => child.kill(signal),
    closed,
  };
}
