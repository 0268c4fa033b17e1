/** Step: the crates that Cargo.lock names, patched, and the cargo configuration that points to them. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { produceDirectory } from '../lib/atomic.mjs';
import { projectRoot } from '../lib/layout.mjs';
import { applyPatches } from '../lib/patches.mjs';

/** Crates that Firefox replaces with its own small ones; Cargo.lock was made with them. */
const REPLACED_CRATES = ['itertools', 'mozbuild', 'rustc-hash', 'windows', 'windows-targets'];

/**
 * Names and versions of the packages in a Cargo.lock that come from a registry or from git.
 *
 * @param {string} lock content
 * @returns {{ name: string, version: string }[]}
 */
export function lockedCrates(lock) {
  return lock
    .split('[[package]]')
    .filter((entry) => /^source = /m.test(entry))
    .map((entry) => ({
      name: /^name = "(.*)"$/m.exec(entry)?.[1] ?? '',
      version: /^version = "(.*)"$/m.exec(entry)?.[1] ?? '',
    }));
}

/**
 * The cargo configuration: no registry is asked, all crates come from the directory.
 *
 * @param {string} crates directory of the crates
 * @param {string} replaced directory of Firefox's own replacements
 * @returns {string} TOML
 */
export function cargoConfiguration(crates, replaced) {
  const patches = REPLACED_CRATES.map((name) => `${name} = { path = ${JSON.stringify(join(replaced, name))} }`);
  return [
    '[source.crates-io]',
    'replace-with = "firefox"',
    '',
    '[source.firefox]',
    `directory = ${JSON.stringify(crates)}`,
    '',
    '[patch.crates-io]',
    ...patches,
    '',
  ].join('\n');
}

/**
 * Takes the file list out of a crate's checksum file. Cargo would refuse patched files, and Debian's own changes too.
 *
 * @param {string} crate directory
 */
async function forgetFileChecksums(crate) {
  const file = join(crate, '.cargo-checksum.json');
  const { package: checksum } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ files: {}, package: checksum }));
}

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const cratesStep = (inputs) => ({
  id: 'crates',
  title: 'Crates and patches',
  after: ['sources'],
  tools: ['patch'],
  isDone: async () => existsSync(inputs.crates),
  run: (context) =>
    produceDirectory(inputs.crates, async (directory) => {
      const crates = join(directory, 'crates');
      await mkdir(crates);
      const lock = await readFile(join(projectRoot, 'native/neqo-ffi/Cargo.lock'), 'utf8');
      const vendored = join(inputs.sources, 'third_party/rust');
      for (const { name, version } of lockedCrates(lock)) {
        // The directory has the version in its name where Firefox carries more than one.
        const source = [`${name}-${version}`, name].find((candidate) => existsSync(join(vendored, candidate)));
        if (!source) throw new Error(`Cargo.lock names ${name} ${version}, which the source package does not carry`);
        await cp(join(vendored, source), join(crates, source), { recursive: true });
      }
      for (const name of REPLACED_CRATES) {
        const from = join(inputs.sources, 'build/rust', name);
        await cp(from, join(directory, 'replaced', name), { recursive: true });
      }
      await applyPatches('neqo', crates, context);
      for (const crate of await readdir(crates)) await forgetFileChecksums(join(crates, crate));
      const configuration = cargoConfiguration(join(inputs.crates, 'crates'), join(inputs.crates, 'replaced'));
      await writeFile(join(directory, 'cargo-config.toml'), configuration);
    }),
});
