/**
 * The server of the loopback demo, run by `loopback-server.mjs` in a process of its own. Its first message is the orders; then it
 * tells where it listens and of each connection that ends. It ends when the channel to its parent does, however that ended.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer } from './library.mjs';

/**
 * @typedef {object} Orders
 * @property {string} key PEM
 * @property {string} cert PEM
 * @property {string} file to serve at /download
 */

/**
 * What the server says of a connection that has ended.
 *
 * @typedef {object} ServerSide
 * @property {bigint} sessionId
 * @property {number} fd its virtual fd
 * @property {string} remoteAddress
 * @property {number} remotePort
 * @property {number} requests
 * @property {number} bytesReceived
 * @property {number} bytesSent
 * @property {import('../../src/server/index.js').ConnectionTls | undefined} tls
 * @property {number} code with which it ended
 */

/** @typedef {{ kind: 'listening', port: number } | { kind: 'disconnect', connection: ServerSide }} Report */

/** @param {Report} report */
const tell = (report) => {
  if (process.connected) process.send?.(report);
};

// A terminal's Ctrl-C reaches all processes of the demo: it is the parent that ends this one.
process.on('SIGINT', () => undefined);

const [{ key, cert, file }] = /** @type {[Orders]} */ (await once(process, 'message'));

/**
 * 0-RTT is refused until a server has run for so long, since it does not know what was sent to its predecessor; and so it is if the
 * first packet is late by more, as on a busy machine.
 */
const ZERO_RTT_WINDOW_MS = 300;

// Replayed, these requests do no harm: 0-RTT may be accepted.
const options = { key, cert, tcp: true, zeroRtt: true, zeroRttWindow: ZERO_RTT_WINDOW_MS };
const server = createSecureServer(options, async (request, response) => {
  if (request.url === '/download') {
    response.stream.respondWithFile(file, { 'content-type': 'application/octet-stream' });
  } else if (request.url === '/upload') {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk);
    response.end(hash.digest('hex'));
  } else {
    response.end('Hello again\n');
  }
});
server.on('disconnect', (connection, { code }) => {
  const { sessionId, fd, remoteAddress, remotePort, streams, bytesReceived, bytesSent, tls } = connection;
  tell({
    kind: 'disconnect',
    connection: { sessionId, fd, remoteAddress, remotePort, requests: streams, bytesReceived, bytesSent, tls, code },
  });
});
server.listen(0, '127.0.0.1', () => tell({ kind: 'listening', port: server.address()?.port ?? 0 }));
process.once('disconnect', () => server.destroy());
