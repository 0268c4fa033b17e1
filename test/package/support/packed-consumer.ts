import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);
export const ROOT = resolve(import.meta.dirname, '../../..');

/** npm's own entry point, so that it runs where PATH has nothing but node. */
const NPM_CLI =
  process.env.npm_execpath ?? resolve(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');

/** An empty project with the packed package installed, and a PATH without any build tool. */
export interface Consumer {
  readonly directory: string;
  /** Runs node there and returns what it printed. */
  node(...args: readonly string[]): Promise<string>;
}

/** @param root an empty directory, which its caller removes */
export async function installPacked(root: string): Promise<Consumer> {
  await execFileAsync(process.execPath, [NPM_CLI, 'pack', '--pack-destination', root], { cwd: ROOT });
  const tarball = (await readdir(root)).find((name) => name.endsWith('.tgz')) ?? '';
  const directory = join(root, 'consumer');
  const bin = join(root, 'bin');
  await mkdir(directory);
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  const env = { ...process.env, PATH: bin, NECKO_HTTP3_ADDON: '' };
  const node = async (...args: readonly string[]): Promise<string> =>
    (await execFileAsync(process.execPath, args, { cwd: directory, env })).stdout;
  await node(NPM_CLI, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(root, tarball));
  return { directory, node };
}
