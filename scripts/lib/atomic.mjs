/**
 * Directories that exist only when they are complete: work goes on beside the final place and is renamed into it at the
 * end, so a step that fails or is killed leaves nothing that a later run could mistake for a result.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = '.tmp-';

/**
 * @param {string} target final directory; one that is already there is replaced
 * @param {(directory: string) => Promise<void>} produce fills the directory it is given, on the same file system
 */
export async function produceDirectory(target, produce) {
  const temporary = `${target}${TEMPORARY}${process.pid}`;
  const replaced = `${temporary}-replaced`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await produce(temporary);
    await rename(target, replaced).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(replaced, { recursive: true, force: true });
  }
}

/**
 * Removes what killed runs left beside `target`. Only for the holder of the set-up's lock.
 *
 * @param {string} directory whose temporary children are removed
 * @param {string} [prefix] only those of the target with this name
 */
export async function removeLeftovers(directory, prefix = '') {
  const names = await readdir(directory).catch(() => []);
  const leftovers = names.filter((name) => name.startsWith(prefix) && name.includes(TEMPORARY));
  // One that a command of the killed run still writes to may resist; it is nobody's result, and a later run removes it.
  await Promise.allSettled(leftovers.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/**
 * Keeps the `keep` most recently used results of one kind and removes older ones. A result's time of use is its mtime.
 *
 * @param {string} target the result in use: it stays, and its name up to the last `-` is the kind
 * @param {number} keep
 * @param {(path: string) => Promise<number>} lastUse milliseconds since the epoch
 */
export async function pruneOlder(target, keep, lastUse) {
  const directory = dirname(target);
  const kind = basename(target).replace(/-[^-]*$/, '-');
  const others = (await readdir(directory))
    .filter((name) => name.startsWith(kind) && /^[0-9a-f]{16}$/.test(name.slice(kind.length)))
    .map((name) => join(directory, name))
    .filter((path) => path !== target);
  const dated = await Promise.all(others.map(async (path) => ({ path, used: await lastUse(path) })));
  dated.sort((left, right) => right.used - left.used);
  const old = dated.slice(Math.max(0, keep - 1));
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
}
