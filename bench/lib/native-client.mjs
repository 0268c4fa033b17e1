/** The Rust example: the same neqo and the same UDP I/O without JavaScript. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cargoCommand } from '../../scripts/lib/cargo.mjs';
import { cargoProfile } from '../../scripts/lib/inputs.mjs';
import { cacheRoot } from '../../scripts/lib/layout.mjs';
import { run } from '../../scripts/lib/run.mjs';

const EXAMPLE = 'download';

/**
 * Builds it, if anything changed since it was built.
 *
 * @param {import('../../scripts/lib/inputs.mjs').Inputs} inputs
 * @returns {Promise<string>} its path
 */
export async function buildNativeClient(inputs) {
  const logs = join(cacheRoot(), 'logs');
  await mkdir(logs, { recursive: true });
  const build = ['build', '--profile', cargoProfile, '--example', EXAMPLE];
  const { command, args, ...options } = await cargoCommand(inputs, build);
  await run(command, args, { ...options, log: join(logs, 'bench-native-client.log') });
  return join(inputs.cargoTarget, cargoProfile, 'examples', EXAMPLE);
}
