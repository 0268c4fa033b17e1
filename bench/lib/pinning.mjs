/**
 * Binds processes to cores, so that client and server do not share one and neither wanders between them.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

export const CLIENT_CORE = 0;
export const SERVER_CORE = 1;

/**
 * Binds this process, with all its threads, to the server's core: servers that it starts inherit that, and know from their
 * first moment that they have one core (Go sizes its scheduler then).
 *
 * @returns {Promise<boolean>} whether it is bound; not without taskset (util-linux) and two cores
 */
export async function bindToServerCore() {
  if (availableParallelism() < 2) return false;
  return execFileAsync('taskset', [
    '--all-tasks',
    '--cpu-list',
    '--pid',
    String(SERVER_CORE),
    String(process.pid),
  ]).then(
    () => true,
    () => false,
  );
}

/**
 * @param {boolean} bound what {@link bindToServerCore} returned
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {readonly [file: string, args: readonly string[]]} the command that runs the client on its core
 */
export function onClientCore(bound, file, args) {
  return bound ? ['taskset', ['--cpu-list', String(CLIENT_CORE), file, ...args]] : [file, args];
}
