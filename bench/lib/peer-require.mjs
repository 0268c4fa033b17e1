/** Loads packages of other people's clients from the folder that they were installed in. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Names that folder for a client program. */
export const PEERS_VARIABLE = 'NECKO_BENCH_PEERS';

/**
 * @param {string} name of a package
 * @returns {any} what its CommonJS entry exports; its types are not there to check against
 */
export const requirePeer = (name) => createRequire(`${process.env[PEERS_VARIABLE]}/`)(name);

/**
 * @param {string} file of a package, such as `name/index.mjs`
 * @returns {Promise<any>} what that module exports
 */
export const importPeer = (file) =>
  import(pathToFileURL(join(process.env[PEERS_VARIABLE] ?? '', 'node_modules', file)).href);
