/** The library as users get it: the build in dist/, with the types of the sources that it was built from. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../lib/layout.mjs';

/** @param {string} module path below dist/esm */
const load = (module) => import(pathToFileURL(join(projectRoot, 'dist/esm', module)).href);

/** @type {typeof import('../../src/index.js')} */
export const { connect, createFetch, getConnectionInfo, MemoryAgentStore, MemoryTokenStore } = await load('index.js');
/** @type {typeof import('../../src/server/index.js')} */
export const { createSecureServer } = await load('server/index.js');
/** @type {typeof import('../../src/errors.js')} */
export const { h3ErrorName } = await load('errors.js');
/** @type {typeof import('../../src/cli/arguments.js')} */
export const { parseArguments } = await load('cli/arguments.js');
/** @type {typeof import('../../src/cli/progress.js')} */
export const { Progress, formatBytes } = await load('cli/progress.js');
/** @type {typeof import('../../src/http/tls-names.js')} */
export const { cipherName, groupName, signatureSchemeName, tlsVersionName } = await load('http/tls-names.js');
