import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../../scripts/lib/apt.mjs';
import { produceDirectory, removeLeftovers } from '../../scripts/lib/atomic.mjs';
import { cacheRoot } from '../../scripts/lib/layout.mjs';
import { acquireLock } from '../../scripts/lib/lock.mjs';
import { missingTools, missingToolsMessage } from '../../scripts/lib/tools.mjs';

/** Where programs installed for the tests lie, outside the checkout. */
export const peersDirectory: string = join(cacheRoot(), 'peers');

/** Runs something that no other process may do at the same time, such as installing. */
export async function exclusively<T>(action: () => Promise<T>): Promise<T> {
  const release = await acquireLock(join(peersDirectory, 'lock'));
  try {
    return await action();
  } finally {
    await release();
  }
}

/**
 * Installs something below {@link peersDirectory} unless it is there: completely or not at all, and once even if several
 * processes want it.
 * @param name of its directory; it carries a hash of everything that the content depends on
 * @param produce fills the empty directory that it is given
 * @returns the directory
 */
export async function installOnce(name: string, produce: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(peersDirectory, name);
  if (!existsSync(directory)) {
    await exclusively(async () => {
      // Another process may have installed it while this one waited.
      if (!existsSync(directory)) {
        await removeLeftovers(peersDirectory, name);
        await produceDirectory(directory, produce);
      }
    });
  }
  return directory;
}

type Tool = NonNullable<Parameters<typeof missingTools>[1]>[number];

/**
 * Makes sure that a tool is there. As root it is installed from Debian's packages; elsewhere the error says how to get it.
 * @param tool name of one that the set-up knows, or the description of another
 * @throws Error with the command to install it
 */
export async function ensureTool(tool: string | Tool): Promise<void> {
  const find = () => (typeof tool === 'string' ? missingTools([tool]) : missingTools([tool.name], [tool]));
  if ((await find()).length === 0) {
    return;
  }
  await exclusively(async () => {
    const missing = await find();
    if (missing.length === 0) {
      return;
    }
    if (process.getuid?.() !== 0) {
      throw new Error(missingToolsMessage(missing, 'only root can install packages'));
    }
    const log = join(peersDirectory, 'apt.log');
    await mkdir(peersDirectory, { recursive: true });
    try {
      await installPackages(
        missing.flatMap(({ packages }) => packages),
        { log },
      );
    } catch (error) {
      throw new Error(missingToolsMessage(missing, 'installing them failed'), { cause: error });
    }
  });
}
