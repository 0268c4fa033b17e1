/** undici. Arguments: the job, `request` or `fetch`, `h2` or `h1`. */
import { runClientProgram } from '../lib/client-program.mjs';
import { requirePeer } from '../lib/peer-require.mjs';
import { getByFetch, getByRequest } from '../lib/undici-adapter.mjs';

const { buildConnector, fetch, Pool, request } = requirePeer('undici');
const [, , , api, protocol] = process.argv;

/** What ALPN calls them. */
const ALPN = protocol === 'h2' ? 'h2' : 'http/1.1';

/**
 * undici's own connector, made to insist on the protocol.
 *
 * @param {string} ca PEM
 */
function connectorFor(ca) {
  const connector = buildConnector({ ca, allowH2: protocol === 'h2', maxCachedSessions: 0 });
  /**
   * @param {unknown} options
   * @param {(error: Error | null, socket?: import('node:tls').TLSSocket) => void} done
   */
  return (options, done) =>
    connector(options, (/** @type {Error | null} */ error, /** @type {import('node:tls').TLSSocket} */ socket) => {
      const isOther = error === null && (socket.alpnProtocol || 'http/1.1') !== ALPN;
      done(isOther ? new Error(`negotiated ${socket.alpnProtocol} instead of ${ALPN}`) : error, socket);
    });
}

await runClientProgram({
  // With the default `pipelining` of 1, undici has one request at a time on a connection, over HTTP/2 too.
  open: ({ origin, concurrency }, ca) =>
    new Pool(origin, {
      connect: connectorFor(ca),
      allowH2: protocol === 'h2',
      ...(protocol === 'h2'
        ? { connections: 1, pipelining: concurrency }
        : { connections: concurrency, pipelining: 1 }),
    }),
  get: api === 'fetch' ? getByFetch(fetch) : getByRequest(request),
  close: (pool) => void pool.close(),
});
