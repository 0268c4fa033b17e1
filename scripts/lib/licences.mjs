/**
 * The licence texts of what is linked into the addon. Most of these licences ask that their text goes with a binary.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense|copyright)/i;
const RULE = '='.repeat(100);

/**
 * Texts of the licence files of a directory.
 *
 * @param {string} directory
 * @returns {Promise<string[]>}
 */
async function licenceTexts(directory) {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name)).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => readFile(join(directory, name), 'utf8')));
}

/**
 * What a crate's manifest says of itself.
 *
 * @param {string} directory
 * @returns {Promise<string>} for example `libc 0.2.171 (MIT OR Apache-2.0)`
 */
async function crateTitle(directory) {
  const manifest = await readFile(join(directory, 'Cargo.toml'), 'utf8');
  const [name, version, licence] = ['name', 'version', 'license'].map(
    (field) => new RegExp(`^${field} = "(.*)"`, 'm').exec(manifest)?.[1],
  );
  return `${name} ${version} (${licence ?? 'see its text'})`;
}

/**
 * All texts, each once, under the names of those it belongs to.
 *
 * @param {import('./inputs.mjs').Inputs} inputs with sources and crates made
 * @returns {Promise<string>}
 */
export async function collectLicences(inputs) {
  const crates = join(inputs.crates, 'crates');
  const parts = [
    { title: 'NSS, mozilla::pkix', directory: join(inputs.sources, 'security/nss') },
    { title: 'NSPR', directory: join(inputs.sources, 'nsprpub') },
  ];
  for (const name of (await readdir(crates)).sort()) {
    parts.push({ title: await crateTitle(join(crates, name)), directory: join(crates, name) });
  }
  /** @type {Map<string, string[]>} */
  const titlesByText = new Map();
  for (const { title, directory } of parts) {
    for (const text of await licenceTexts(directory)) {
      titlesByText.set(text.trim(), [...(titlesByText.get(text.trim()) ?? []), title]);
    }
  }
  const sections = [...titlesByText].map(([text, titles]) => `${RULE}\n${titles.join('\n')}\n\n${text}\n`);
  const list = parts.map(({ title }) => `  ${title}`).join('\n');
  return `The addon in this directory was made from the following parts:\n\n${list}\n\nTheir licence texts:\n\n${sections.join('\n')}`;
}
