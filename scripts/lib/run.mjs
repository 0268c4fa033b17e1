/**
 * Running commands with their output in a log file.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

const TAIL_LINES = 40;

/** A command that could not be started, failed, or was stopped. */
export class CommandError extends Error {
  /** @override */
  name = 'CommandError';

  /**
   * @param {string} command as typed
   * @param {string} outcome what happened, for example `exited with code 2`
   * @param {readonly string[]} tail last lines of its output
   */
  constructor(command, outcome, tail) {
    super([`${command}: ${outcome}`, ...tail.map((line) => `  | ${line}`)].join('\n'));
  }
}

/**
 * Ends a command and everything that it started.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function killGroup(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // The group is gone already.
  }
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {string} options.log file that gets the command line and all output, appended
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env] added to this process's environment
 * @param {AbortSignal} [options.signal] ends the command and what it started
 * @param {(line: string) => void} [options.onLine] gets each line of output, without its end
 * @returns {Promise<string>} standard output
 * @throws {CommandError}
 */
export async function run(command, args, { log, cwd, env, signal, onLine }) {
  signal?.throwIfAborted();
  const commandLine = [command, ...args].join(' ');
  const logStream = createWriteStream(log, { flags: 'a' });
  logStream.write(`$ ${commandLine}\n`);
  // A process group of its own, so that a compiler started by a build tool ends with it.
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const onAbort = () => killGroup(child);
  signal?.addEventListener('abort', onAbort);

  /** @type {string[]} */
  const tail = [];
  let output = '';
  /** @param {import('node:stream').Readable} stream @param {boolean} isOutput */
  const collect = (stream, isOutput) => {
    let rest = '';
    const hand = (/** @type {string} */ line) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine?.(line);
    };
    stream.setEncoding('utf8');
    stream.on('data', (/** @type {string} */ text) => {
      logStream.write(text);
      if (isOutput) output += text;
      const lines = (rest + text).split(/\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      for (const line of lines) hand(line);
    });
    stream.on('end', () => hand(rest));
  };
  collect(child.stdout, true);
  collect(child.stderr, false);

  try {
    const outcome = await new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started (${error.message})`));
      child.once('close', (code, killedBy) => resolve(killedBy ? `was ended by ${killedBy}` : (code ?? 1)));
    });
    if (outcome === 0) return output;
    throw new CommandError(commandLine, typeof outcome === 'string' ? outcome : `exited with code ${outcome}`, tail);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    logStream.end();
    await finished(logStream);
  }
}
