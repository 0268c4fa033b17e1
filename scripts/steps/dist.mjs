/** Step: the JavaScript that is published, once as ES modules and once as CommonJS, each with its types. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { produceDirectory } from '../lib/atomic.mjs';
import { projectRoot } from '../lib/layout.mjs';
import { run } from '../lib/run.mjs';

const distDirectory = join(projectRoot, 'dist');
const KEY_FILE = '.build-key';

/** CommonJS has no import.meta: this stands for `import.meta.url` in the modules that use it. */
const IMPORT_META_URL = 'importMetaUrl';
const IMPORT_META_BANNER = `'use strict';const ${IMPORT_META_URL}=require('node:url').pathToFileURL(__filename).href;\n`;

/** @param {string} directory @param {string} suffix @returns {Promise<string[]>} names relative to it */
async function libraryNames(directory, suffix) {
  const entries = await readdir(directory, { recursive: true });
  // The shell client is a program, run as an ES module, and nobody imports it.
  return entries.filter((name) => name.endsWith(suffix) && !name.startsWith(`cli${sep}`));
}

/**
 * Turns the ES modules into CommonJS, module by module: entry points that share a module keep sharing it.
 *
 * @param {string} esm directory of ES modules with their types
 * @param {string} cjs directory that is made
 */
async function convertToCommonJs(esm, cjs) {
  const { transform } = await import('esbuild');
  await mkdir(cjs);
  await writeFile(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  for (const name of await libraryNames(esm, '.js')) {
    const source = await readFile(join(esm, name), 'utf8');
    const { code } = await transform(source.replace(/^\/\/# sourceMappingURL=.*$/m, ''), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      sourcefile: name,
      define: { 'import.meta.url': IMPORT_META_URL },
      ...(source.includes('import.meta.url') && { banner: IMPORT_META_BANNER }),
    });
    await mkdir(dirname(join(cjs, name)), { recursive: true });
    await writeFile(join(cjs, name), code);
  }
  for (const name of await libraryNames(esm, '.d.ts')) {
    await cp(join(esm, name), join(cjs, name));
  }
}

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const distStep = (inputs) => ({
  id: 'dist',
  title: 'JavaScript (ESM and CommonJS)',
  after: ['npm'],
  isDone: async () => (await readFile(join(distDirectory, KEY_FILE), 'utf8').catch(() => '')) === inputs.distKey,
  run: (context) =>
    produceDirectory(distDirectory, async (directory) => {
      const esm = join(directory, 'esm');
      const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
      const args = [tsc, '--project', 'tsconfig.build.json', '--outDir', esm];
      await run(process.execPath, args, { ...context, cwd: projectRoot, onLine: context.status });
      context.status('CommonJS');
      await convertToCommonJs(esm, join(directory, 'cjs'));
      await writeFile(join(directory, KEY_FILE), inputs.distKey);
    }),
});
