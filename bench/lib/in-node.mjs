/** Client programs in JavaScript: the files in bench/clients. */
import { join } from 'node:path';
import { projectRoot } from '../../scripts/lib/layout.mjs';

/**
 * @param {string} name
 * @param {readonly string[]} variant what the program takes after the job
 * @returns {import('./contenders.mjs').Contender['command']}
 */
export const inNode =
  (name, ...variant) =>
  (task) => [process.execPath, join(projectRoot, 'bench/clients', name), JSON.stringify(task), ...variant];
