/** Starts the loopback demo's server in a process of its own, with a certificate and a file made for the occasion. */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { writeSiteFile } from '../../test/support/site-files.js';

/** @typedef {import('./loopback-server-process.mjs').ServerSide} ServerSide */

const PROGRAM = fileURLToPath(new URL('loopback-server-process.mjs', import.meta.url));
const HOST = '127.0.0.1';

/**
 * The running server. Events: 'disconnect' ({@link ServerSide}) for each connection that has ended, 'error' if the process ended
 * unasked.
 */
class LoopbackServer extends EventEmitter {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #directory;
  #stopping = false;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} directory of its file
   * @param {number} port
   * @param {string} ca PEM of the certificate's issuer
   * @param {string} sha256 of the file at /download
   */
  constructor(child, directory, port, ca, sha256) {
    super();
    this.#child = child;
    this.#directory = directory;
    this.origin = `https://${HOST}:${port}`;
    this.ca = ca;
    this.downloadSha256 = sha256;
    // Whoever waits for an event hears of it; the requests that are open fail by themselves.
    this.on('error', () => undefined);
    child.on('message', (/** @type {import('./loopback-server-process.mjs').Report} */ report) => {
      if (report.kind === 'disconnect') this.emit('disconnect', report.connection);
    });
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.emit('error', new Error(`the server's process ended (${signal ?? code})`));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Settles with the next connection that ends. @returns {Promise<ServerSide>} */
  async nextDisconnect() {
    const [connection] = await once(this, 'disconnect');
    return connection;
  }

  async stop() {
    this.#stopping = true;
    await end(this.#child);
    await rm(this.#directory, { recursive: true });
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}

/**
 * @param {number} downloadBytes size of the file at /download
 * @returns {Promise<LoopbackServer>}
 */
export async function startServer(downloadBytes) {
  const ca = await makeCa({ commonName: 'Demo root' });
  const leaf = await makeCert({ ca, hosts: ['localhost'], ips: [HOST] });
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-demo-'));
  // 'advanced', since session ids are bigints.
  const child = fork(PROGRAM, { serialization: 'advanced' });
  try {
    const { sha256 } = await writeSiteFile(directory, 'download', downloadBytes);
    const listening = once(child, 'message');
    const failed = once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`the server did not start (${code})`)),
    );
    // It always comes in the end.
    failed.catch(() => undefined);
    child.send({ key: leaf.keyPem, cert: leaf.chainPem, file: join(directory, 'download') });
    const [{ port }] = await Promise.race([listening, failed]);
    return new LoopbackServer(child, directory, port, ca.certPem, sha256);
  } catch (error) {
    await end(child);
    await rm(directory, { recursive: true });
    throw error;
  }
}
