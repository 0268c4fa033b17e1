/** Servers in JavaScript: the programs in bench/servers. */
import { join } from 'node:path';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { PeerProcess } from '../../test/support/peer-process.js';
import { HOST } from './site.mjs';

const START_DEADLINE_MS = 30_000;

/**
 * @param {string} program file in bench/servers
 * @param {number} workers
 * @returns {import('./server.mjs').StartServer}
 */
export const startJavascriptServer = (program, workers) => async (site) => {
  const { keyFile, certFile } = site;
  const task = JSON.stringify({ host: HOST, keyFile, certFile, workers });
  /** @type {(line: string) => void} */
  let onLine = () => undefined;
  /** @type {Promise<string>} */
  const listening = new Promise((resolve) => {
    onLine = resolve;
  });
  const peer = new PeerProcess(process.execPath, [join(projectRoot, 'bench/servers', program), task], { onLine });
  try {
    const { port } = JSON.parse(await peer.expect('should listen', listening, START_DEADLINE_MS));
    return { origin: `https://${HOST}:${port}`, pid: peer.pid, stop: () => peer.stop() };
  } catch (error) {
    await peer.stop();
    throw error;
  }
};
