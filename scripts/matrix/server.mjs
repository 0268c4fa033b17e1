/**
 * The server of the matrix: HTTP/3, and HTTP/2 and HTTP/1.1 beside it. Each response says in `x-protocol` what it was served over and
 * in `x-count` how many requests with the same `id` (a parameter of the URL) came so far: what a client did is not taken from itself.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { createSecureServer } from '../demo/library.mjs';
import { NAMED_HOST } from './server-names.mjs';
import { routes } from './server-routes.mjs';

const HOST = '127.0.0.1';
const WEB_SOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * @typedef {object} MatrixServer
 * @property {number} port of 127.0.0.1, UDP and TCP
 * @property {string} ca PEM
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<MatrixServer>} */
export async function startMatrixServer() {
  const ca = await makeCa({ commonName: 'Matrix root' });
  const local = await makeCert({ ca, hosts: ['localhost'], ips: [HOST] });
  const named = await makeCert({ ca, hosts: [NAMED_HOST] });
  /** @type {Map<string, number>} */
  const counts = new Map();
  const server = createSecureServer({ key: local.keyPem, cert: local.chainPem, tcp: true }, (request, response) => {
    const url = new URL(request.url ?? '/', `https://${HOST}`);
    const id = url.searchParams.get('id') ?? '';
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    response.setHeader('x-protocol', request.httpVersion);
    response.setHeader('x-count', count);
    const route = routes.get(url.pathname);
    if (route === undefined) {
      response.statusCode = 404;
      response.end(`nothing is at ${url.pathname}`);
      return;
    }
    // A client that went away is its own check's matter.
    Promise.resolve(route({ request, response, query: url.searchParams, count })).catch(() => response.destroy());
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  server.addContext(NAMED_HOST, { key: named.keyPem, cert: named.chainPem });
  server.tcpServer?.on('upgrade', greetWebSocket);
  return {
    port: server.address()?.port ?? 0,
    ca: ca.certPem,
    close: async () => {
      server.destroy();
      await once(server, 'close');
    },
  };
}

/**
 * Accepts a WebSocket (RFC 6455 4.2.2) and sends one text message: what came over which path.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:stream').Duplex} socket
 */
function greetWebSocket(request, socket) {
  const key = request.headers['sec-websocket-key'];
  const accept = createHash('sha1').update(`${key}${WEB_SOCKET_GUID}`).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
  socket.write([...head, `sec-websocket-accept: ${accept}`, '', ''].join('\r\n'));
  const text = Buffer.from(`${request.httpVersion} ${request.url}`);
  // FIN and opcode 1 (text); a length below 126 is one byte (RFC 6455 5.2).
  socket.write(Buffer.concat([Buffer.of(0x81, text.length), text]));
  socket.on('error', () => socket.destroy());
  // The client's close frame is answered by the end of the connection.
  socket.once('data', () => socket.end(Buffer.of(0x88, 0)));
}
