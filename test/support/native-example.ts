import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cargoCommand } from '../../scripts/lib/cargo.mjs';
import { cargoProfile, readInputs } from '../../scripts/lib/inputs.mjs';
import { cacheRoot } from '../../scripts/lib/layout.mjs';
import { run } from '../../scripts/lib/run.mjs';

/** Programs in Rust beside the library: the folders of native/neqo-ffi/examples. */
export type NativeExample = 'download' | 'flood' | 'load';

/**
 * Builds an example with the library's own profile, if anything changed since it was built. The set-up has to have run. The first time
 * takes a minute: call it outside tests and hooks, which have a time limit.
 * @returns its path
 * @throws Error with the compiler's output
 */
export async function buildNativeExample(name: NativeExample): Promise<string> {
  const inputs = await readInputs();
  const logs = join(cacheRoot(), 'logs');
  await mkdir(logs, { recursive: true });
  const build = ['build', '--profile', cargoProfile, '--example', name];
  const { command, args, ...options } = await cargoCommand(inputs, build);
  await run(command, args, { ...options, log: join(logs, `example-${name}.log`) });
  return join(inputs.cargoTarget, cargoProfile, 'examples', name);
}
