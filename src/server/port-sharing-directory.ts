/** The directory in which processes that share a port find each other: a socket for each, and the key of them all. */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '../errors.js';
import { PROCESS_ID_BYTES } from './connection-id-options.js';

const RESET_KEY_FILE = 'reset.key';
const RESET_KEY_BYTES = 32;
const SOCKET_SUFFIX = '.sock';
/** What others than the owner may do, of a file's mode. */
const OTHERS = 0o077;

/** The name of a system error, such as ENOENT. */
export function systemErrorCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

/**
 * Makes the directory if it is missing.
 *
 * @throws InvalidArgumentError if others can reach what is in it: what arrives at the sockets is believed
 */
export function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.() || (stats.mode & OTHERS) !== 0) {
    throw new InvalidArgumentError(
      `sharedPort.directory: ${directory} must be a directory (not a link) of this user, with mode 0700`,
    );
  }
}

/** Path of the socket of the process `id`, as the engine derives it. */
export function socketPath(directory: string, id: number): string {
  return join(directory, id.toString(16).padStart(2 * PROCESS_ID_BYTES, '0') + SOCKET_SUFFIX);
}

/** Paths of all sockets. */
export function socketPaths(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(SOCKET_SUFFIX))
    .map((name) => join(directory, name));
}

/** The key from which all these processes derive stateless reset tokens; the first one makes it. */
export function sharedResetKey(directory: string): Uint8Array {
  const path = join(directory, RESET_KEY_FILE);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, randomBytes(RESET_KEY_BYTES), { mode: 0o600 });
    // Appears with its content, and never in place of another.
    linkSync(draft, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const key = readFileSync(path);
  if (key.length !== RESET_KEY_BYTES) throw new InvalidArgumentError(`${path}: must have ${RESET_KEY_BYTES} bytes`);
  return key;
}

/** Removes the directory if no process is left in it. */
export function removeDirectory(directory: string): void {
  try {
    if (socketPaths(directory).length > 0) return;
    rmSync(join(directory, RESET_KEY_FILE), { force: true });
    rmdirSync(directory);
  } catch (error) {
    // Another process has removed it, or comes to life in it just now.
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
