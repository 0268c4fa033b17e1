/** What the matrix's server answers, by path. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** @typedef {import('node:http').IncomingMessage & { stream?: { session?: { destroy(): void } | undefined } }} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/**
 * @typedef {object} Exchange
 * @property {Request} request
 * @property {Response} response
 * @property {URLSearchParams} query
 * @property {number} count of requests with this `id`, this one included
 */

/**
 * What /echo tells of a request.
 *
 * @typedef {object} Echo
 * @property {string} method
 * @property {string} url
 * @property {string} authority
 * @property {Record<string, string>} headers
 * @property {number} bytes of its body
 * @property {string} sha256 of its body, in hex
 * @property {string} text of its body
 */

/** Text of /encoded. */
export const ENCODED_TEXT = 'necko over neqo, '.repeat(12);
/** Body of /dropped and /bytes: every byte tells its place. @param {number} length */
export const pattern = (length) =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255));

const DROPPED_LENGTH = 60_000;
const DROPPED_ETAG = '"dropped"';

/** Connections of requests to /dropped whose responses were begun, by id. @type {Map<string, () => void>} */
const begun = new Map();

/** @param {Response} response @param {unknown} value @param {number} [status] */
function json(response, value, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** Ends the connection of a request, whatever it is. @param {Request} request */
function dropConnection({ stream, socket }) {
  if (stream?.session) stream.session.destroy();
  else socket.destroy();
}

/** A zstd frame (RFC 8878 3.1.1) of one raw block: Node 20 cannot compress with zstd. @param {Buffer} data under 256 bytes */
function zstdFrame(data) {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length, 0, 0, 0]);
  // Last block, type raw, and its size from bit 3 on.
  head.writeUIntLE(1 | (data.length << 3), 6, 3);
  return Buffer.concat([head, data]);
}

/** @type {Record<string, (data: Buffer) => Buffer>} */
const encoders = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, zstd: zstdFrame };

/**
 * The first time a response that stays half sent until /drop ends its connection; then what is asked for (RFC 9110 14.2).
 *
 * @param {Exchange} exchange
 */
function dropped({ request, response, query, count }) {
  const whole = pattern(DROPPED_LENGTH);
  const id = query.get('id') ?? '';
  response.setHeader('etag', DROPPED_ETAG);
  response.setHeader('accept-ranges', 'bytes');
  if (count === 1) {
    begun.set(id, () => dropConnection(request));
    response.writeHead(200, { 'content-length': whole.length });
    response.write(whole.subarray(0, whole.length / 2));
    return;
  }
  const first = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = whole.subarray(first);
  const range = { 'content-range': `bytes ${first}-${whole.length - 1}/${whole.length}` };
  response.writeHead(first > 0 ? 206 : 200, { 'content-length': rest.length, ...(first > 0 && range) });
  response.end(rest);
}

/** @type {Map<string, (exchange: Exchange) => unknown>} */
export const routes = new Map([
  // What came, as JSON.
  [
    '/echo',
    async ({ request, response }) => {
      const body = await buffer(request);
      const { method, url, headers } = request;
      const authority = headers[':authority'] ?? headers.host;
      const sha256 = createHash('sha256').update(body).digest('hex');
      json(response, { method, url, authority, headers: { ...headers }, bytes: body.length, sha256, text: `${body}` });
    },
  ],
  // The request's body, as it comes.
  ['/pipe', ({ request, response }) => request.pipe(response)],
  // A multipart or url-encoded form (`Response` reads it), as JSON.
  [
    '/form',
    async ({ request, response }) => {
      const init = { headers: { 'content-type': request.headers['content-type'] ?? '' } };
      const form = await new Response(await buffer(request), init).formData();
      const fields = [...form].map(async ([name, value]) =>
        typeof value === 'string'
          ? [name, value]
          : [name, { name: value.name, type: value.type, text: await value.text() }],
      );
      json(response, Object.fromEntries(await Promise.all(fields)));
    },
  ],
  ['/bytes', ({ response, query }) => response.end(pattern(Number(query.get('length'))))],
  // 503 so many times.
  [
    '/flaky',
    ({ response, query, count }) => {
      response.statusCode = count <= Number(query.get('failures')) ? 503 : 200;
      response.end(`attempt ${count}`);
    },
  ],
  // The first time, the connection ends instead of an answer.
  [
    '/lost',
    ({ request, response, count }) => {
      if (count === 1) dropConnection(request);
      else response.end(`attempt ${count}`);
    },
  ],
  ['/dropped', dropped],
  [
    '/drop',
    ({ response, query }) => {
      const id = query.get('of') ?? '';
      const drop = begun.get(id);
      begun.delete(id);
      if (drop === undefined) response.writeHead(409);
      // The answer goes before the connection, if it can: the client does not rely on it.
      response.end();
      drop?.();
    },
  ],
  [
    '/redirect',
    ({ request, response, query }) => {
      request.resume();
      response.writeHead(Number(query.get('status')), { location: query.get('to') ?? '/echo' });
      response.end('elsewhere');
    },
  ],
  [
    '/encoded',
    ({ response, query }) => {
      const coding = query.get('coding') ?? '';
      response.setHeader('content-encoding', coding);
      response.end(encoders[coding]?.(Buffer.from(ENCODED_TEXT)));
    },
  ],
  // Fresh for `age` seconds; afterwards it is the same as before (RFC 9111 4.3).
  [
    '/cacheable',
    ({ request, response, query, count }) => {
      response.setHeader('etag', '"kept"');
      response.setHeader('cache-control', Number(query.get('age')) > 0 ? `max-age=${query.get('age')}` : 'no-cache');
      response.statusCode = request.headers['if-none-match'] === '"kept"' ? 304 : 200;
      response.end(response.statusCode === 304 ? undefined : `made for request ${count}`);
    },
  ],
  ['/status', ({ response, query }) => json(response, { reason: 'as asked' }, Number(query.get('code')))],
  ['/hang', ({ response }) => void response],
  // Half an answer.
  ['/stall', ({ response }) => response.write(pattern(1000))],
  [
    '/trailers',
    ({ response }) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    },
  ],
  [
    '/hints',
    ({ response }) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('after the hints');
    },
  ],
  [
    '/cookies',
    ({ response }) => {
      response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Secure']);
      response.end();
    },
  ],
  [
    '/events',
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: one ${response.getHeader('x-protocol')}\n\nevent: named\ndata: two\n\n`);
    },
  ],
]);
