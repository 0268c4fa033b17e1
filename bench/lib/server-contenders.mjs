/** Servers that are measured, each with the client that puts the load on it. */
import { ensureTool } from '../../test/support/peer-tools.js';
import { runProgram } from '../../test/support/run-child.js';
import { startCaddyServer } from './caddy-server.mjs';
import { inNode } from './in-node.mjs';
import { startJavascriptServer } from './javascript-server.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {'ourServer' | 'ourServerOneWorker' | 'ourServerTwoWorkers' | 'caddyServer' | 'http2Server'} ServerContenderId */

const H2LOAD = {
  name: 'h2load',
  packages: ['nghttp2-client'],
  isThere: async () => (await runProgram('h2load', ['--version']).catch(() => undefined))?.exitCode === 0,
};

/** @type {import('./server.mjs').StartServer} */
async function startHttp2Server(site) {
  await ensureTool(H2LOAD);
  return startJavascriptServer('node-http2.mjs', 0)(site);
}

/**
 * @param {string} loadClient path of the Rust example
 * @returns {Readonly<Record<ServerContenderId, Contender>>}
 */
export function makeServerContenders(loadClient) {
  /** @type {Contender['command']} */
  const byLoadClient = ({ origin, path, requests, concurrency, connections = 1 }) => {
    const { hostname, port } = new URL(origin);
    const amounts = { requests, concurrency, connections };
    const options = Object.entries(amounts).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return [loadClient, 'run', hostname, port, path, ...options];
  };
  const ours = (/** @type {number} */ workers) => startJavascriptServer('necko-http3.mjs', workers);
  return {
    ourServer: { label: 'necko-http3', startServer: ours(0), command: byLoadClient },
    ourServerOneWorker: { label: 'necko-http3, 1 worker', startServer: ours(1), command: byLoadClient },
    ourServerTwoWorkers: { label: 'necko-http3, 2 workers', startServer: ours(2), command: byLoadClient },
    caddyServer: { label: 'Caddy (Go)', startServer: startCaddyServer, command: byLoadClient },
    http2Server: {
      label: 'node:http2 (TCP, h2load)',
      startServer: startHttp2Server,
      command: inNode('h2load.mjs'),
    },
  };
}
