// The chat's page and its sessions, on one port: the page over TCP, the sessions over UDP.
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { createSecureServer } from 'necko-http3/server';
import { ChatRoom } from './chat-room.mjs';
import { echo } from './echo.mjs';

/** Pages have WebTransport in secure contexts only: those that come over TLS, or from this machine. */
const SECURE_WITHOUT_TLS = new Set(['127.0.0.1', '::1', 'localhost']);
const CLOSE_DEADLINE_MS = 2000;

/** @type {readonly (readonly [path: string, file: string, type: string])[]} */
const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/chat.js', 'chat.js', 'text/javascript'],
  ['/lines.js', 'lines.js', 'text/javascript'],
];

/**
 * @typedef {object} ChatSite
 * @property {string} page where it is
 * @property {string} url of the sessions, to which `/chat` or `/echo` is added
 * @property {string} sha256 of the certificate, in hex
 * @property {() => Promise<void>} close
 */

/**
 * @param {{ key: string, cert: string, host?: string, port?: number }} options PEM; port 0: the system chooses
 * @returns {Promise<ChatSite>}
 * @throws {Error} what cannot be used, or that it cannot listen
 */
export async function startChatSite({ key, cert, host = '127.0.0.1', port = 4433 }) {
  const sha256 = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex');
  const overTls = !SECURE_WITHOUT_TLS.has(host);
  const onRequest = await pageListener(sha256);
  // 'localhost' leads browsers to ::1 as well, and of a WebTransport session they try one address only.
  const plain = overTls
    ? undefined
    : createServer((request, response) => {
        if (request.headers.host === authorityOf(server, host)) onRequest(request, response);
        else response.writeHead(307, { location: `http://${authorityOf(server, host)}${request.url}` }).end();
      });
  const server = createSecureServer(
    { key, cert, tcp: overTls, webTransport: { allowedOrigins: isOwnPage } },
    onRequest,
  );
  const room = new ChatRoom();
  /** @type {Record<string, (session: import('necko-http3/server').WebTransportServerSession) => Promise<void>>} */
  const services = { '/chat': (session) => room.join(session), '/echo': echo };
  /** @type {Set<import('necko-http3/server').WebTransportServerSession>} */
  const sessions = new Set();
  server.on('webtransport', async (request) => {
    const serve = services[request.path];
    if (serve === undefined) {
      request.reject(404);
      return;
    }
    const session = request.accept();
    sessions.add(session);
    await serve(session);
    sessions.delete(session);
  });
  try {
    if (plain !== undefined) await once(plain.listen(port, host), 'listening');
    const listening = once(server, 'listening');
    server.listen(plain === undefined ? port : portOf(plain), host);
    await listening;
  } catch (error) {
    plain?.close();
    throw error;
  }
  const authority = authorityOf(server, host);
  return {
    page: `${overTls ? 'https' : 'http'}://${authority}/`,
    url: `https://${authority}`,
    sha256,
    close: async () => {
      const closed = [server, ...(plain === undefined ? [] : [plain])].map((each) => once(each, 'close'));
      plain?.close();
      plain?.closeAllConnections();
      for (const session of sessions) session.close({ reason: 'The server ends' });
      server.close();
      // Who does not answer is not waited for.
      const deadline = setTimeout(() => server.destroy(), CLOSE_DEADLINE_MS);
      await Promise.all(closed);
      clearTimeout(deadline);
    },
  };
}

/** @param {{ address(): unknown }} server that listens */
function portOf(server) {
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/**
 * @param {{ address(): unknown }} server
 * @param {string} host
 */
function authorityOf(server, host) {
  return `${isIPv6(host) ? `[${host}]` : host}:${portOf(server)}`;
}

/**
 * Our page and our sessions have the same host and port. Without this check every page that somebody visits could join.
 *
 * @param {string} origin
 * @param {import('necko-http3/server').WebTransportRequest} request
 */
function isOwnPage(origin, { authority }) {
  return URL.canParse(origin) && new URL(origin).host === authority;
}

/**
 * @param {string} sha256
 * @returns {Promise<import('node:http').RequestListener>}
 */
async function pageListener(sha256) {
  /** @type {Map<string, { type: string, body: string }>} */
  const resources = new Map();
  for (const [path, file, type] of FILES) {
    resources.set(path, { type, body: await readFile(new URL(`page/${file}`, import.meta.url), 'utf8') });
  }
  resources.set('/certificate.json', { type: 'application/json', body: JSON.stringify({ sha256 }) });
  const policy = contentSecurityPolicy(resources.get('/')?.body ?? '');
  return ({ url = '/' }, response) => {
    const resource = resources.get(url.split('?', 1)[0] ?? '');
    if (resource === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-security-policy', policy);
    response.setHeader('content-type', resource.type);
    response.end(resource.body);
  };
}

/**
 * Nothing may run or be loaded but what this site has.
 *
 * @param {string} html
 */
function contentSecurityPolicy(html) {
  const inline = [...html.matchAll(/<(?:script|style)[^>]*>([\s\S]*?)<\/(?:script|style)>/g)];
  const hashes = inline
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
  return `default-src 'none'; script-src 'self' ${hashes}; style-src ${hashes}; connect-src 'self' https:`;
}
