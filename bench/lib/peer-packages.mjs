/** Other people's clients from npm. They are installed in the cache and are no dependency of this project. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';
import { installOnce } from '../../test/support/peer-tools.js';

/** Exact versions: figures of another version are other figures. */
export const PEER_PACKAGES = { '@currentspace/http3': '0.9.0', impit: '0.14.5', undici: '7.30.2' };

/** @returns {Promise<string>} directory with a node_modules that holds them */
export function installPeerPackages() {
  const specifiers = Object.entries(PEER_PACKAGES).map(([name, version]) => `${name}@${version}`);
  const folder = `clients-${specifiers.join('-').replaceAll(/[@/]+/g, '-')}`;
  return installOnce(folder, async (directory) => {
    await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...specifiers];
    await run('npm', args, { cwd: directory, log: join(directory, 'npm.log') });
  });
}
