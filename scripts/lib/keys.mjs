/**
 * Keys of build results: a short hash over everything that a result depends on. Same key, same result; so a result is
 * made once, and a change of any input makes a new one beside it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** @param {unknown} error */
function isMissing(error) {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * All regular files below `path`, or `path` itself if it is a file; nothing if it does not exist.
 *
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesBelow(path) {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (isMissing(error)) return [];
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/**
 * Hash over names and contents of files. Content and not mtime, because a fresh clone has new times for old files; the
 * inputs are small enough that this takes milliseconds.
 *
 * @param {string} root directory that names are relative to
 * @param {readonly string[]} paths files or directories below `root`; one that is missing counts as empty
 * @returns {Promise<string>} SHA-256 in hex
 */
export async function hashFiles(root, paths) {
  const lists = await Promise.all(paths.map((path) => filesBelow(join(root, path))));
  const files = [...new Set(lists.flat())].sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const hash = createHash('sha256');
  for (const [index, file] of files.entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    hash.update(`${relative(root, file).split(sep).join('/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Key over any number of parts.
 *
 * @param {...string} parts
 * @returns {string} 16 hex digits
 */
export function keyOf(...parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
