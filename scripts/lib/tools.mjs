/**
 * The tools that building and testing need: how to see whether one is there, and which Debian package has it.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Oldest Rust that neqo 0.13.4 accepts (`rust-version` in its manifests). */
export const MINIMUM_RUST = '1.82.0';

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {() => Promise<boolean>} isThere
 * @property {readonly string[]} packages Debian packages that bring it
 * @property {string} [elsewhere] how to get it where apt does not have it
 */

/** Directories that are searched for commands: PATH, and where rustup puts its own. */
export const commandPath = [
  ...(process.env.PATH ?? '').split(delimiter),
  join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin'),
].join(delimiter);

/** @param {string} file @param {number} [mode] */
async function canAccess(file, mode = constants.R_OK) {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

/** @param {string} name @returns {Promise<boolean>} whether the command is in {@link commandPath} */
async function hasCommand(name) {
  const found = await Promise.all(
    commandPath.split(delimiter).map((directory) => canAccess(join(directory, name), constants.X_OK)),
  );
  return found.includes(true);
}

/**
 * Directory with libclang, which bindgen loads at build time.
 *
 * @returns {Promise<string | undefined>} `$LIBCLANG_PATH`, or that of the newest LLVM under /usr/lib
 */
export async function findLibclang() {
  if (process.env.LIBCLANG_PATH) return process.env.LIBCLANG_PATH;
  const versions = (await readdir('/usr/lib').catch(() => []))
    .filter((name) => /^llvm-\d+$/.test(name))
    .sort((left, right) => Number(right.slice(5)) - Number(left.slice(5)));
  for (const version of versions) {
    const directory = join('/usr/lib', version, 'lib');
    const names = await readdir(directory).catch(() => []);
    if (names.some((name) => /^libclang(-\d+)?\.so/.test(name))) return directory;
  }
  return undefined;
}

/**
 * Directory with `uv.h`: beside the node executable if it came with its headers, otherwise the system's.
 *
 * @returns {Promise<string | undefined>}
 */
export async function findUvHeaders() {
  const candidates = [join(dirname(dirname(process.execPath)), 'include', 'node'), '/usr/include/node', '/usr/include'];
  for (const directory of candidates) {
    if (await canAccess(join(directory, 'uv.h'))) return directory;
  }
  return undefined;
}

/**
 * Compares dotted versions.
 *
 * @param {string} version
 * @param {string} minimum
 * @returns {boolean} whether `version` is `minimum` or newer
 */
export function isAtLeast(version, minimum) {
  const left = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const right = minimum.split('.').map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, part] of right.entries()) {
    const own = left[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

async function hasRust() {
  for (const command of ['cargo', 'rustc']) {
    const output = await execFileAsync(command, ['--version'], { env: { ...process.env, PATH: commandPath } }).catch(
      () => undefined,
    );
    const version = output?.stdout.split(' ')[1];
    if (version === undefined || !isAtLeast(version, MINIMUM_RUST)) return false;
  }
  return true;
}

const RUSTUP_ADVICE = `Rust ${MINIMUM_RUST} or newer: with rustup, "rustup toolchain install stable --component clippy rustfmt"`;

/** @param {string} command @param {readonly string[]} packages @returns {Tool} */
const commandTool = (command, packages) => ({ name: command, packages, isThere: () => hasCommand(command) });

/** @type {readonly Tool[]} */
const tools = [
  commandTool('cc', ['gcc', 'libc6-dev']),
  commandTool('c++', ['g++']),
  commandTool('make', ['make']),
  commandTool('cmake', ['cmake']),
  commandTool('ninja', ['ninja-build']),
  commandTool('gyp', ['gyp']),
  commandTool('python3', ['python3']),
  commandTool('pkg-config', ['pkg-config']),
  commandTool('patch', ['patch']),
  commandTool('perl', ['perl']),
  commandTool('xz', ['xz-utils']),
  commandTool('caddy', ['caddy']),
  commandTool('chromium', ['chromium']),
  commandTool('firefox-esr', ['firefox-esr']),
  commandTool('redis-server', ['redis-server']),
  { name: 'zlib.h', packages: ['zlib1g-dev'], isThere: () => canAccess('/usr/include/zlib.h') },
  { name: 'uv.h', packages: ['libuv1-dev'], isThere: async () => (await findUvHeaders()) !== undefined },
  { name: 'libclang', packages: ['libclang-dev'], isThere: async () => (await findLibclang()) !== undefined },
  // The "-web" packages are the Rust that Debian keeps new enough for Firefox; plain rustc is 1.63 in Debian 12.
  { name: 'rust', packages: ['rustc-web', 'cargo-web'], elsewhere: RUSTUP_ADVICE, isThere: hasRust },
  { ...commandTool('cargo-clippy', ['rust-web-clippy']), elsewhere: RUSTUP_ADVICE },
  { ...commandTool('rustfmt', ['rustfmt-web']), elsewhere: RUSTUP_ADVICE },
];

/**
 * Those of the named tools that are not there.
 *
 * @param {readonly string[]} names
 * @param {readonly Tool[]} [known]
 * @returns {Promise<Tool[]>}
 * @throws {Error} for a name that is not known
 */
export async function missingTools(names, known = tools) {
  const asked = [...new Set(names)].map((name) => {
    const tool = known.find((candidate) => candidate.name === name);
    if (!tool) throw new Error(`no such tool: ${name}`);
    return tool;
  });
  const there = await Promise.all(asked.map((tool) => tool.isThere()));
  return asked.filter((_, index) => !there[index]);
}

/**
 * What to tell somebody who has to install the tools by hand.
 *
 * @param {readonly Tool[]} missing
 * @param {string} reason why they are not installed now
 * @returns {string}
 */
export function missingToolsMessage(missing, reason) {
  const packages = [...new Set(missing.flatMap((tool) => tool.packages))];
  const elsewhere = [...new Set(missing.flatMap((tool) => tool.elsewhere ?? []))];
  return [
    `Missing: ${missing.map((tool) => tool.name).join(', ')} (${reason}).`,
    'On Debian 12 this installs all of it:',
    `  sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
    ...elsewhere.map((advice) => `or, ${advice}`),
  ].join('\n');
}
