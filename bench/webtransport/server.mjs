/**
 * The server program of all libraries for Node: listens, says so in one line, and serves until it is stopped.
 *
 * Usage: node server.mjs TASK LIBRARY
 */
import { readFileSync } from 'node:fs';
import { serve } from './service.mjs';

const [, , taskText = '', libraryName] = process.argv;
/** @type {{ host: string, port: number, keyFile: string, certFile: string }} */
const { host, port, keyFile, certFile } = JSON.parse(taskText);
/** @type {import('./library.mjs').Library} */
const library = await import(`./libraries/${libraryName}.mjs`);
const where = { host, port, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
await library.listen(where, serve);
process.stdout.write(`listening at ${port}\n`);
