/** How cargo is called for native/neqo-ffi: generated configuration, no network, NSS from the cache. */
import { join } from 'node:path';
import { projectRoot } from './layout.mjs';
import { commandPath, findLibclang } from './tools.mjs';

/**
 * @param {import('./inputs.mjs').Inputs} inputs
 * @param {readonly string[]} args subcommand and its arguments
 * @returns {Promise<{ command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv }>}
 */
export async function cargoCommand(inputs, args) {
  const [subcommand = '', ...rest] = args;
  const configuration = join(inputs.crates, 'cargo-config.toml');
  return {
    command: 'cargo',
    // After the subcommand: one that is a program of its own (clippy) hands on only what stands there.
    args: [subcommand, '--config', configuration, '--offline', '--locked', ...rest],
    cwd: join(projectRoot, 'native/neqo-ffi'),
    env: {
      PATH: commandPath,
      CARGO_TARGET_DIR: inputs.cargoTarget,
      LIBCLANG_PATH: await findLibclang(),
      NSS_DIR: join(inputs.nss, 'nss'),
      NSS_PREBUILT: '1',
      NSS_TARGET: 'Release',
    },
  };
}
