/** Applies the project's patches to a copy of third-party sources. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './layout.mjs';
import { run } from './run.mjs';

/**
 * Applies every patch of a folder, in the order of their names. A patch that does not fit exactly fails.
 *
 * @param {string} folder of `native/patches`
 * @param {string} directory the sources
 * @param {import('./scheduler.mjs').StepContext} context
 */
export async function applyPatches(folder, directory, context) {
  const patches = join(projectRoot, 'native/patches', folder);
  for (const name of (await readdir(patches)).filter((file) => file.endsWith('.patch')).sort()) {
    const args = ['-p1', '--fuzz=0', '--no-backup-if-mismatch', '-d', directory, '-i', join(patches, name)];
    await run('patch', args, { ...context, onLine: context.status });
  }
}
