/** Servers in JavaScript: the programs in bench/servers. */
import { join } from 'node:path';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { HOST } from './site.mjs';
import { startProgram } from './start-program.mjs';

/**
 * @typedef {object} Place where a server runs
 * @property {string} host IP literal that it listens at
 * @property {(file: string, args: readonly string[]) => [file: string, ...args: string[]]} command that runs a program there
 */

/** @type {Place} */
const HERE = { host: HOST, command: (file, args) => [file, ...args] };

/**
 * @param {string} program file in bench/servers
 * @param {number} workers
 * @param {Place} [place]
 * @returns {import('./server.mjs').StartServer}
 */
export const startJavascriptServer =
  (program, workers, { host, command } = HERE) =>
  async (site) => {
    const { keyFile, certFile } = site;
    const task = JSON.stringify({ host, keyFile, certFile, workers });
    const { line, pid, stop } = await startProgram(
      command(process.execPath, [join(projectRoot, 'bench/servers', program), task]),
    );
    return { origin: `https://${host}:${JSON.parse(line).port}`, pid, stop };
  };
