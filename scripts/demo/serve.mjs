/** Serves a folder to browsers until it is interrupted. */
import { once } from 'node:events';
import { realpath, stat } from 'node:fs/promises';
import { fileSite } from './file-site.mjs';
import { createSecureServer } from './library.mjs';
import { serveCertificate } from './serve-certificate.mjs';
import { authorities, instructions } from './serve-instructions.mjs';
import { parseServeOptions } from './serve-options.mjs';

/** How long open requests may take when it is interrupted. */
const CLOSE_DEADLINE_MS = 2000;

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {readonly string[]} args
 * @param {AbortSignal} signal ends it: open requests are answered, for a while
 * @returns {Promise<void>} settles when it has ended
 * @throws {Error} what cannot be used, said as to a user
 */
export async function serve(args, signal) {
  const { directory: name, port, host, files } = parseServeOptions(args);
  const directory = await findDirectory(name);
  const certificate = await serveCertificate(host, files);
  const { cert, key } = certificate;
  const server = createSecureServer({ cert, key, tcp: true }, fileSite(directory, say));
  server.on('sessionError', (error) => say(`  A connection failed: ${error.message}`));
  await listen(server, port, host);
  for (const line of instructions(directory, authorities(host, server.address()?.port ?? port), certificate)) say(line);

  if (!signal.aborted) await once(signal, 'abort');
  say('\nClosing …');
  const closed = once(server, 'close');
  const deadline = setTimeout(() => server.destroy(), CLOSE_DEADLINE_MS);
  server.close();
  await closed;
  clearTimeout(deadline);
}

/** @param {string} name */
async function findDirectory(name) {
  const stats = await stat(name).catch(() => undefined);
  if (stats === undefined) throw new Error(`there is no directory ${name}`);
  if (!stats.isDirectory()) throw new Error(`${name} is not a directory`);
  return realpath(name);
}

/**
 * @param {import('../../src/server/index.js').Http3SecureServer} server
 * @param {number} port
 * @param {string} host
 */
async function listen(server, port, host) {
  const listening = once(server, 'listening');
  server.listen(port, host);
  try {
    await listening;
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EADDRINUSE') throw new Error(`port ${port} of ${host} is in use; choose another with --port`);
    if (code === 'EACCES') throw new Error(`port ${port} needs privileges; choose another with --port`);
    throw new Error(`cannot listen at ${host}, port ${port}: ${message}`);
  }
}
