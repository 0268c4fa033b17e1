/**
 * Debian's package system: installing tools, and fetching a source package's file by the system's own mirror.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.mjs';

/**
 * @typedef {object} CommandOptions
 * @property {string} log
 * @property {AbortSignal} [signal]
 * @property {(line: string) => void} [onLine]
 */

/**
 * Installs packages. Needs root.
 *
 * @param {readonly string[]} packages
 * @param {CommandOptions} options
 */
export async function installPackages(packages, options) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await run('apt-get', [...wait, 'update'], { ...options, env });
  await run('apt-get', [...wait, 'install', '-y', '--no-install-recommends', ...packages], { ...options, env });
}

/**
 * Splits apt's stanzas (`Name: value` lines, separated by empty lines).
 *
 * @param {string} text
 * @returns {Record<string, string>[]}
 */
export function parseStanzas(text) {
  return text
    .split(/\n{2,}/)
    .map((stanza) =>
      Object.fromEntries(
        stanza
          .split('\n')
          .flatMap((line) => [...line.matchAll(/^([\w-]+): *(.*)$/g)].map(([, name, value]) => [name, value])),
      ),
    )
    .filter((stanza) => Object.keys(stanza).length > 0);
}

/**
 * Where this system gets Debian's packages from.
 *
 * @param {Record<string, string>[]} targets stanzas of `apt-get indextargets`
 * @returns {{ uri: string, entry: string } | undefined} base address, and `FILE:N`, the N-th entry that names it
 */
export function debianMirror(targets) {
  const main = targets.filter(
    (target) => target.Origin === 'Debian' && target.Label === 'Debian' && target.Component === 'main',
  );
  // A system of another release serves the wanted one from the same mirror.
  const target = main.find((candidate) => candidate.Codename === 'bookworm') ?? main[0];
  return target?.['Repo-URI'] ? { uri: target['Repo-URI'], entry: target.Sourcesentry ?? '' } : undefined;
}

/**
 * Keyring that a sources entry names.
 *
 * @param {string} text content of a file of apt sources, in either format
 * @param {boolean} isDeb822 format with stanzas
 * @param {number} number of the stanza (from 1) or of the line
 * @returns {string | undefined} path, or undefined where the entry leaves it to the system's keyrings
 */
export function signedBy(text, isDeb822, number) {
  if (!isDeb822) return /\[[^\]]*signed-by=([^\s\]]+)/i.exec(text.split('\n')[number - 1] ?? '')?.[1];
  const value = parseStanzas(text)[number - 1]?.['Signed-By'];
  return value?.startsWith('/') ? value : undefined;
}

/** @param {string} entry `FILE:N` */
async function keyringOf(entry) {
  const [, file, number] = /^(.*):(\d+)$/.exec(entry) ?? [];
  if (file === undefined || number === undefined) return undefined;
  return signedBy(await readFile(file, 'utf8').catch(() => ''), file.endsWith('.sources'), Number(number));
}

/**
 * Fetches one file of a source package. Its hash comes from the mirror's index, which apt accepts only with Debian's
 * signature. The system's own apt configuration and lists stay as they are.
 *
 * @param {object} source
 * @param {string} source.package
 * @param {string} source.version
 * @param {string} source.suite
 * @param {string} source.file name of the wanted file
 * @param {string} directory empty directory to work in; the file is put there
 * @param {CommandOptions & { status: (line: string) => void }} options
 * @returns {Promise<{ path: string, sha256: string }>}
 */
export async function fetchSourceFile(source, directory, { status, ...options }) {
  status('asking apt for the mirror');
  const findMirror = async () => debianMirror(parseStanzas(await run('apt-get', ['indextargets'], options)));
  let mirror = await findMirror();
  if (!mirror && process.getuid?.() === 0) {
    // On a machine where nobody has updated yet, apt cannot say which of its sources is Debian's.
    await run('apt-get', ['update'], options);
    mirror = await findMirror();
  }
  if (!mirror) {
    throw new Error(
      'apt knows no Debian mirror here. Run "sudo apt-get update" if this is a Debian system; otherwise fetch the ' +
        `source package elsewhere and name the file: NECKO_HTTP3_SOURCE_TARBALL=/path/to/${source.file}`,
    );
  }
  const keyring = await keyringOf(mirror.entry);
  for (const name of ['sources.d', 'lists/partial', 'cache/archives/partial']) {
    await mkdir(join(directory, name), { recursive: true });
  }
  const stanza = ['Types: deb-src', `URIs: ${mirror.uri}`, `Suites: ${source.suite}`, 'Components: main'];
  if (keyring) stanza.push(`Signed-By: ${keyring}`);
  await writeFile(join(directory, 'sources.d', 'source.sources'), `${stanza.join('\n')}\n`);
  const settings = [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${join(directory, 'sources.d')}`,
    `Dir::State::lists=${join(directory, 'lists')}`,
    `Dir::Cache=${join(directory, 'cache')}`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    // apt's unprivileged helper cannot write to a cache below a private home directory.
    'APT::Sandbox::User=',
  ].flatMap((setting) => ['-o', setting]);

  status('reading the index of sources');
  await run('apt-get', [...settings, 'update'], options);
  const wanted = `${source.package}=${source.version}`;
  const list = await run('apt-get', [...settings, 'source', '--download-only', '--print-uris', wanted], options);
  const [, uri, size, sha256] =
    list
      .split('\n')
      .map((line) => /^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line))
      .filter((match) => match?.[2] === source.file)
      .map((match) => [match?.[0], match?.[1], match?.[3], match?.[4]])[0] ?? [];
  if (!uri || !sha256) throw new Error(`the mirror does not have ${source.file} of ${wanted} any more`);

  const path = join(directory, source.file);
  const total = Math.round(Number(size) / 1e6);
  const timer = setInterval(async () => {
    const { size: bytes } = await stat(path).catch(() => ({ size: 0 }));
    status(`${Math.round(bytes / 1e6)} of ${total} MB`);
  }, 1000);
  try {
    await run('/usr/lib/apt/apt-helper', [...settings, 'download-file', uri, path, `SHA256:${sha256}`], options);
  } finally {
    clearInterval(timer);
  }
  return { path, sha256 };
}
