/** Step: neqo and its C interface as one static library, NSS included. */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { produceDirectory } from '../lib/atomic.mjs';
import { cargoCommand } from '../lib/cargo.mjs';
import { cargoProfile } from '../lib/inputs.mjs';
import { run } from '../lib/run.mjs';

const LIBRARY = 'libneqo_ffi.a';

/**
 * @param {import('../lib/inputs.mjs').Inputs} inputs
 * @returns {import('../lib/scheduler.mjs').Step}
 */
export const neqoStep = (inputs) => ({
  id: 'neqo',
  title: 'neqo (Rust)',
  after: ['crates', 'nss'],
  tools: ['rust', 'cc', 'libclang'],
  isDone: async () => existsSync(inputs.neqo),
  run: (context) =>
    produceDirectory(inputs.neqo, async (directory) => {
      const { command, args, ...options } = await cargoCommand(inputs, ['build', '--lib', '--profile', cargoProfile]);
      await run(command, args, { ...context, ...options, onLine: context.status });
      await copyFile(join(inputs.cargoTarget, cargoProfile, LIBRARY), join(directory, LIBRARY));
    }),
});

/** @param {import('../lib/inputs.mjs').Inputs} inputs @returns {string} the static library */
export const neqoLibrary = (inputs) => join(inputs.neqo, LIBRARY);
