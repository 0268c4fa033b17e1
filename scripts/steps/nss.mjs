/** Step: NSS and NSPR as static libraries. */
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { produceDirectory } from '../lib/atomic.mjs';
import { nssBuildArguments } from '../lib/inputs.mjs';
import { applyPatches } from '../lib/patches.mjs';
import { run } from '../lib/run.mjs';

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const nssStep = (inputs) => ({
  id: 'nss',
  title: 'NSS and NSPR',
  after: ['sources'],
  tools: ['cc', 'c++', 'make', 'perl', 'gyp', 'ninja', 'patch', 'python3', 'pkg-config', 'zlib.h'],
  isDone: async () => existsSync(inputs.nss),
  run: (context) =>
    produceDirectory(inputs.nss, async (directory) => {
      const tree = join(directory, 'tree');
      // With their times: NSPR's make would otherwise run autoconf for a "configure" that looks older than its source.
      const options = { recursive: true, preserveTimestamps: true };
      await cp(join(inputs.sources, 'security/nss'), join(tree, 'nss'), options);
      await cp(join(inputs.sources, 'nsprpub'), join(tree, 'nspr'), options);
      await applyPatches('nss', join(tree, 'nss'), context);
      const args = [...nssBuildArguments, '-j', String(availableParallelism())];
      await run('./build.sh', args, { ...context, cwd: join(tree, 'nss'), onLine: context.status });
      await rename(join(tree, 'dist'), join(directory, 'dist'));
      // neqo-crypto finds dist/ beside the directory that NSS_DIR names.
      await mkdir(join(directory, 'nss'));
      await rm(tree, { recursive: true });
    }),
});
