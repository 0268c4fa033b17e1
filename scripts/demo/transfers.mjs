/** A connection and the transfers on it, measured. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, Progress } from './library.mjs';

/** @typedef {import('../../src/index.js').ClientHttp3Session} Session */
/** @typedef {import('../../src/index.js').ClientHttp3Stream} Stream */

/**
 * @typedef {object} Connection
 * @property {Session} session
 * @property {import('../../src/index.js').ConnectionInfo} info
 * @property {number} lookupMs
 * @property {number} handshakeMs
 */

/**
 * @typedef {object} Transfer
 * @property {number} bytes moved in the direction of interest
 * @property {string} sha256 of these bytes as their receiver saw them, in hex
 * @property {number} [firstByteMs] of a download: from the request to the response headers
 * @property {number} totalMs from the request to the last byte
 */

/**
 * @param {string} origin
 * @param {import('../../src/index.js').ConnectOptions} options
 * @returns {Promise<Connection>}
 */
export async function openConnection(origin, options) {
  const session = connect(origin, options);
  const connected = once(session, 'connect');
  const failed = once(session, 'connectionError').then(([error]) => Promise.reject(error));
  // Whichever does not come must not count as unhandled.
  failed.catch(() => undefined);
  const [info, timings] = await Promise.race([connected, failed]);
  return {
    session,
    info,
    lookupMs: timings.lookupEnd - timings.start,
    handshakeMs: info.handshakeEnd - info.handshakeStart,
  };
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<Transfer>}
 */
export async function download(session, path, signal) {
  const stream = session.request({ ':path': path }, { signal });
  const hash = createHash('sha256');
  await receive(stream, path, 0, (chunk) => hash.update(chunk));
  const { start, headers = start, end = start } = stream.timings;
  return { bytes: stream.bytesRead, sha256: hash.digest('hex'), firstByteMs: headers - start, totalMs: end - start };
}

/**
 * Sends a body to a server that answers with its hash.
 *
 * @param {Session} session
 * @param {string} path
 * @param {() => Iterable<Buffer>} body
 * @param {number} length bytes of it
 * @param {AbortSignal} signal
 * @returns {Promise<Transfer>}
 */
export async function upload(session, path, body, length, signal) {
  const headers = { ':method': 'POST', ':path': path, 'content-length': length };
  const stream = session.request(headers, { body: body(), signal });
  let sha256 = '';
  await receive(stream, path, length, (chunk) => {
    sha256 += chunk.toString('latin1');
  });
  const { start, end = start } = stream.timings;
  return { bytes: stream.bytesWritten, sha256, totalMs: end - start };
}

/**
 * @param {Stream} stream
 * @param {string} label
 * @param {number} uploadSize
 * @param {(chunk: Buffer) => void} take
 */
async function receive(stream, label, uploadSize, take) {
  const progress = process.stderr.isTTY ? new Progress() : undefined;
  /** @type {number | undefined} */
  let downloadSize;
  const source = {
    label,
    get downloaded() {
      return stream.bytesRead;
    },
    get downloadSize() {
      return downloadSize;
    },
    get uploaded() {
      return stream.bytesWritten;
    },
    uploadSize,
  };
  stream.once('response', (headers) => {
    if (headers[':status'] !== 200) stream.destroy(new Error(`${label}: status ${headers[':status']}`));
    const length = headers['content-length'];
    if (typeof length === 'string') downloadSize = Number(length);
  });
  progress?.add(source);
  try {
    for await (const chunk of stream) take(chunk);
  } finally {
    progress?.remove(source);
  }
}
