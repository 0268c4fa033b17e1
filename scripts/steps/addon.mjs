/** Step: the addon, compiled and linked by cmake-js. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../lib/layout.mjs';
import { run } from '../lib/run.mjs';
import { findUvHeaders } from '../lib/tools.mjs';
import { neqoLibrary } from './neqo.mjs';

const buildDirectory = join(projectRoot, 'build');
const keyFile = join(buildDirectory, '.build-key');

/** The addon of this checkout. */
export const addonFile = join(buildDirectory, 'Release', 'necko_http3.node');

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const addonStep = (inputs) => ({
  id: 'addon',
  title: 'Addon (C++)',
  after: ['npm', 'neqo', 'nss'],
  tools: ['c++', 'cmake', 'make', 'uv.h'],
  isDone: async () => existsSync(addonFile) && (await readFile(keyFile, 'utf8').catch(() => '')) === inputs.addonKey,
  run: async (context) => {
    // First of all, so that an interrupted build counts as none.
    await rm(keyFile, { force: true });
    const cache = await readFile(join(buildDirectory, 'CMakeCache.txt'), 'utf8').catch(() => '');
    // CMake refuses a build tree that was made for a checkout at another place.
    if (!cache.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${projectRoot}\n`)) {
      await rm(buildDirectory, { recursive: true, force: true });
    }
    const cmakeJs = join(projectRoot, 'node_modules/cmake-js/bin/cmake-js');
    const options = { ...context, cwd: projectRoot, onLine: context.status };
    const variables = [
      `--CDNECKO_NEQO_LIB=${neqoLibrary(inputs)}`,
      `--CDNECKO_NSS_DIST=${join(inputs.nss, 'dist')}`,
      `--CDNECKO_UV_INCLUDE=${await findUvHeaders()}`,
    ];
    await run(process.execPath, [cmakeJs, 'configure', ...variables], options);
    await run(process.execPath, [cmakeJs, 'build', '--parallel', String(availableParallelism())], options);
    await writeFile(keyFile, inputs.addonKey);
  },
});
