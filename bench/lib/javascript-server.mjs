/** Servers in JavaScript: the programs in bench/servers. */
import { join } from 'node:path';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { PeerProcess } from '../../test/support/peer-process.js';
import { HOST } from './site.mjs';

const START_DEADLINE_MS = 30_000;

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
    /** @type {(line: string) => void} */
    let onLine = () => undefined;
    /** @type {Promise<string>} */
    const listening = new Promise((resolve) => {
      onLine = resolve;
    });
    const [file, ...args] = command(process.execPath, [join(projectRoot, 'bench/servers', program), task]);
    const peer = new PeerProcess(file, args, { onLine });
    try {
      const { port } = JSON.parse(await peer.expect('should listen', listening, START_DEADLINE_MS));
      return { origin: `https://${host}:${port}`, pid: peer.pid, stop: () => peer.stop() };
    } catch (error) {
      await peer.stop();
      throw error;
    }
  };
