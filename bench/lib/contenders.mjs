/** Who is measured: how each client program is called for a job. */
import { inNode } from './in-node.mjs';
import { PEER_PACKAGES } from './peer-packages.mjs';
import { PEERS_VARIABLE } from './peer-require.mjs';

/** @typedef {import('./job.mjs').Job} Job */
/** @typedef {import('./job.mjs').Target} Target */

/**
 * @typedef {object} Contender
 * @property {string} label
 * @property {(task: Target & Job) => readonly [file: string, ...args: string[]]} command
 * @property {NodeJS.ProcessEnv} [env]
 * @property {import('./server.mjs').StartServer} [startServer] its own server, where the server is what is measured
 * @property {() => Promise<string | undefined>} [obstacle] prepares it; returns why it cannot be measured here
 */

/**
 * @typedef {'ours' | 'ourRequest' | 'ourFetch' | 'native' | 'nativeSingle' | 'neqoAsItComes' | 'currentspace' | 'impit' | 'requestOverH2' |
 *   'requestOverH1' | 'fetchOverH2' | 'fetchOverH1'} ClientContenderId
 */
/** @typedef {import('../webtransport/contenders.mjs').WebTransportContenderId} WebTransportContenderId */
/** @typedef {ClientContenderId | import('./server-contenders.mjs').ServerContenderId | WebTransportContenderId} ContenderId */

/**
 * neqo's own build links a static NSS, whose AES-GCM for Linux is not the assembler code that this project's patch brings.
 * Without AVX, NSS falls back to about the same: one block at a time.
 */
const PORTABLE_AES_GCM = { NSS_DISABLE_AVX: '1' };

/** @param {string} program @param {readonly string[]} options @returns {Contender['command']} */
const inRust =
  (program, options) =>
  ({ origin, path, requests, concurrency, fresh }) => {
    const { hostname, port } = new URL(origin);
    const amounts = ['--repeat', String(requests), '--concurrency', String(concurrency)];
    return [program, hostname, port, path, ...amounts, ...(fresh ? ['--fresh'] : []), ...options];
  };

/**
 * @param {string} nativeClient path of the Rust example
 * @param {string} peers directory of the packages from npm
 * @returns {Readonly<Record<ClientContenderId, Contender>>}
 */
export function makeContenders(nativeClient, peers) {
  const env = { [PEERS_VARIABLE]: peers };
  const undici = `undici ${PEER_PACKAGES.undici}`;
  return {
    ours: { label: 'necko-http3', command: inNode('necko-http3.mjs') },
    ourRequest: { label: 'necko-http3, request', command: inNode('http3-agent.mjs', 'request') },
    ourFetch: { label: 'necko-http3, fetch', command: inNode('http3-agent.mjs', 'fetch') },
    native: { label: 'Rust, batched I/O', command: inRust(nativeClient, []) },
    nativeSingle: { label: 'Rust, neqo 0.13.4 I/O', command: inRust(nativeClient, ['--single-io']) },
    neqoAsItComes: {
      label: 'neqo 0.13.4 as it comes',
      command: inRust(nativeClient, ['--single-io']),
      env: PORTABLE_AES_GCM,
    },
    currentspace: {
      label: `@currentspace/http3 ${PEER_PACKAGES['@currentspace/http3']}`,
      command: inNode('currentspace.mjs'),
      env,
    },
    impit: { label: `impit ${PEER_PACKAGES.impit}`, command: inNode('impit.mjs'), env },
    requestOverH2: { label: `${undici}, request (HTTP/2)`, command: inNode('undici.mjs', 'request', 'h2'), env },
    requestOverH1: { label: `${undici}, request (HTTP/1.1)`, command: inNode('undici.mjs', 'request', 'h1'), env },
    fetchOverH2: { label: `${undici}, fetch (HTTP/2)`, command: inNode('undici.mjs', 'fetch', 'h2'), env },
    fetchOverH1: { label: `${undici}, fetch (HTTP/1.1)`, command: inNode('undici.mjs', 'fetch', 'h1'), env },
  };
}
