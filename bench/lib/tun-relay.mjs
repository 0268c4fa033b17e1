/** The program `tun-relay.c`, built in the cache. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../../scripts/lib/keys.mjs';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { installOnce } from '../../test/support/peer-tools.js';

const SOURCE = join(projectRoot, 'bench/lib/tun-relay.c');
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

/** @returns {Promise<string>} its path */
export async function buildTunRelay() {
  const key = keyOf(await readFile(SOURCE, 'utf8'), ...FLAGS);
  const directory = await installOnce(`tun-relay-${key}`, async (made) => {
    await run('cc', [...FLAGS, '-o', join(made, 'tun-relay'), SOURCE], { cwd: made, log: join(made, 'cc.log') });
  });
  return join(directory, 'tun-relay');
}
