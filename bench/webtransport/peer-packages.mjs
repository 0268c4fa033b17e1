/** Other people's WebTransport from npm, in exact versions, installed in the cache. What does not install is not measured. */
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../../scripts/lib/run.mjs';
import { commandPath } from '../../scripts/lib/tools.mjs';
import { installOnce, peersDirectory } from '../../test/support/peer-tools.js';
import { runProgram } from '../../test/support/run-child.js';

const MOQ_VERSION = '0.1.4';
/** The crate that the native half of @moq/web-transport is made from. */
const MOQ_CRATE = { name: 'web-transport-node', version: '0.0.7' };
const FAILS_COMPONENTS_VERSION = '1.6.8';
const QUICHE_TRANSPORT = '@fails-components/webtransport-transport-http3-quiche';
/** As its own install script has it. */
const QUICHE_NAPI_VERSION = '6';

/**
 * @typedef {object} Peer
 * @property {string} label
 * @property {string} directory where it is installed, with a node_modules
 * @property {(directory: string) => Promise<void>} install
 */

/** @param {string} directory @param {readonly string[]} packages with versions */
async function installPackages(directory, packages) {
  await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
  await run('npm', args, { cwd: directory, log: join(directory, 'npm.log') });
}

/**
 * Builds its addon from the crate: the one on npm needs a newer C library than some systems have (glibc 2.38).
 *
 * @param {string} directory
 * @param {string} addon path that the package loads
 */
async function buildMoqAddon(directory, addon) {
  const { name, version } = MOQ_CRATE;
  const dependency = `[dependencies]\n${name} = "=${version}"\n`;
  await writeFile(join(directory, 'Cargo.toml'), `[package]\nname = "peer"\nversion = "0.0.0"\n${dependency}`);
  await run('mkdir', ['-p', 'src'], { cwd: directory, log: join(directory, 'cargo.log') });
  await writeFile(join(directory, 'src/lib.rs'), '');
  const env = { PATH: commandPath, CARGO_TARGET_DIR: join(directory, 'target') };
  const args = ['build', '--release', '--package', name];
  await run('cargo', args, { cwd: directory, env, log: join(directory, 'cargo.log') });
  const outputs = join(directory, 'target/release/deps');
  const library = (await readdir(outputs)).find((file) => /^libweb_transport_node.*[.]so$/.test(file));
  if (library === undefined) throw new Error(`${name} makes no shared library`);
  await copyFile(join(outputs, library), addon);
}

/** @param {string} directory */
async function installMoq(directory) {
  await installPackages(directory, [`@moq/web-transport@${MOQ_VERSION}`]);
  const folder = join(directory, 'node_modules/@moq/web-transport');
  // It comes as TypeScript, which Node takes from no package.
  await build({
    entryPoints: [join(folder, 'src/index.ts')],
    outfile: join(folder, 'src/bundle.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['../napi.cjs'],
  });
  const loaded = await runProgram(process.execPath, ['-e', 'require("./napi.cjs")'], { cwd: folder });
  if (loaded.exitCode === 0) return;
  const addon = (await readdir(folder)).find((file) => file.includes(`${process.platform}-${process.arch}`));
  if (addon === undefined) throw new Error(`no addon for ${process.platform} on ${process.arch}`);
  await buildMoqAddon(directory, join(folder, addon));
}

/** Its addon is on GitHub; its install script would otherwise clone and build Chromium's libraries. @param {string} directory */
async function installQuicheTransport(directory) {
  const packages = ['@fails-components/webtransport', QUICHE_TRANSPORT];
  await installPackages(
    directory,
    packages.map((name) => `${name}@${FAILS_COMPONENTS_VERSION}`),
  );
  const prebuildInstall = join(directory, 'node_modules/.bin/prebuild-install');
  const cwd = join(directory, 'node_modules', QUICHE_TRANSPORT);
  const { exitCode, stderr } = await runProgram(prebuildInstall, ['-r', 'napi', '-t', QUICHE_NAPI_VERSION], { cwd });
  if (exitCode !== 0) throw new Error(`no prebuilt addon: ${stderr.trim().split('\n').at(-1)}`);
}

/** @param {string} name of the folder */
const place = (name) => join(peersDirectory, name);

/** @satisfies {Readonly<Record<string, Peer>>} */
export const WEBTRANSPORT_PEERS = {
  moq: {
    label: `@moq/web-transport ${MOQ_VERSION}`,
    directory: place(`webtransport-moq-${MOQ_VERSION}-${MOQ_CRATE.version}`),
    install: installMoq,
  },
  quiche: {
    label: `@fails-components/webtransport ${FAILS_COMPONENTS_VERSION}`,
    directory: place(`webtransport-quiche-${FAILS_COMPONENTS_VERSION}`),
    install: installQuicheTransport,
  },
};

/** @type {Map<string, Promise<string | undefined>>} by folder: none is tried twice in a run */
const attempts = new Map();

/**
 * Installs a peer unless it is there.
 *
 * @param {Peer} peer
 * @returns {Promise<string | undefined>} why it could not be installed
 */
export function peerObstacle({ directory, install }) {
  const attempt = attempts.get(directory) ?? installOnce(basename(directory), install).then(() => undefined, reasonOf);
  attempts.set(directory, attempt);
  return attempt;
}

/** @param {unknown} error @returns {string} its first line */
const reasonOf = (error) => `not installed: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`;
