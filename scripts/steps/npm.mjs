/** Step: the development dependencies from the npm registry. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../lib/layout.mjs';
import { run } from '../lib/run.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage
 */

/** @param {string} file @returns {Promise<Record<string, LockedPackage> | undefined>} its packages by place */
async function readPackages(file) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

/**
 * Whether what is installed is what the lock file asks for. npm writes the list of what it installed last of all, so an
 * interrupted installation has none.
 *
 * @param {string} root with package-lock.json and node_modules/
 * @returns {Promise<boolean>}
 */
export async function isInstalled(root) {
  const wanted = await readPackages(join(root, 'package-lock.json'));
  const installed = await readPackages(join(root, 'node_modules/.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    const own = installed[place];
    // Optional packages for other platforms are not installed.
    if (place === '' || (!own && (entry.optional || entry.devOptional))) return true;
    return own?.version === entry.version && own?.integrity === entry.integrity;
  });
}

/** @returns {import('../lib/scheduler.mjs').Step} */
export const npmStep = () => ({
  id: 'npm',
  title: 'npm dependencies',
  after: [],
  isDone: () => isInstalled(projectRoot),
  run: async (context) => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=http'];
    await run(npm, args, { ...context, cwd: projectRoot, onLine: context.status });
  },
});
