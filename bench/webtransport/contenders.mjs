/** Pairs of a client and a server that are measured together. */
import { join } from 'node:path';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { aioquicEnvironment, ensureAioquic } from '../../test/support/aioquic-install.js';
import { findFreePort } from '../../test/support/free-port.js';
import { PEERS_VARIABLE } from '../lib/peer-require.mjs';
import { HOST } from '../lib/site.mjs';
import { startProgram } from '../lib/start-program.mjs';
import { peerObstacle, WEBTRANSPORT_PEERS } from './peer-packages.mjs';

/** @typedef {import('../lib/contenders.mjs').Contender} Contender */
/** @typedef {'ourTransport' | 'ourTransportToAioquic' | 'moqTransport' | 'quicheTransport'} WebTransportContenderId */

/** @param {string} file in this folder */
const program = (file) => join(projectRoot, 'bench/webtransport', file);

/**
 * @param {() => Promise<string>} findInterpreter
 * @param {(task: string) => readonly string[]} args of the interpreter
 * @param {Readonly<Record<string, string>>} env
 * @returns {import('../lib/server.mjs').StartServer}
 */
const startServer = (findInterpreter, args, env) => async (site) => {
  const port = await findFreePort(HOST);
  const { keyFile, certFile } = site;
  const task = JSON.stringify({ host: HOST, port, keyFile, certFile });
  const { pid, stop } = await startProgram([await findInterpreter(), ...args(task)], { env });
  return { origin: `https://${HOST}:${port}`, pid, stop };
};

/** @param {string} library a module in bench/webtransport/libraries */
const clientCommand = (library) => (/** @type {unknown} */ task) =>
  /** @type {const} */ ([process.execPath, program('client.mjs'), JSON.stringify(task), library]);

/**
 * @param {string} library
 * @param {Readonly<Record<string, string>>} [env]
 * @returns {Pick<Contender, 'command' | 'startServer' | 'env'>}
 */
const bothInNode = (library, env = {}) => ({
  command: clientCommand(library),
  startServer: startServer(
    async () => process.execPath,
    (task) => [program('server.mjs'), task, library],
    env,
  ),
  env,
});

/** @param {string} library @param {import('./peer-packages.mjs').Peer} peer @returns {Contender} */
const fromNpm = (library, peer) => ({
  label: peer.label,
  obstacle: () => peerObstacle(peer),
  ...bothInNode(library, { [PEERS_VARIABLE]: peer.directory }),
});

/** @type {Readonly<Record<WebTransportContenderId, Contender>>} */
export const WEBTRANSPORT_CONTENDERS = {
  ourTransport: { label: 'necko-http3', ...bothInNode('necko-http3') },
  ourTransportToAioquic: {
    label: 'necko-http3, server: aioquic',
    obstacle: () =>
      ensureAioquic().then(
        () => undefined,
        (error) => `not installed: ${error.message.split('\n')[0]}`,
      ),
    command: clientCommand('necko-http3'),
    startServer: startServer(ensureAioquic, (task) => [program('aioquic-server.py'), task], aioquicEnvironment),
  },
  moqTransport: fromNpm('moq', WEBTRANSPORT_PEERS.moq),
  quicheTransport: fromNpm('fails-components', WEBTRANSPORT_PEERS.quiche),
};
