import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../../scripts/lib/apt.mjs';
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
