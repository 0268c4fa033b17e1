/** undici over HTTP/2. */
import { runClientProgram } from '../lib/client-program.mjs';
import { requirePeer } from '../lib/peer-require.mjs';

const { buildConnector, Client } = requirePeer('undici');

/**
 * undici's own connector, made to insist on HTTP/2.
 *
 * @param {string} ca PEM
 */
function http2Connector(ca) {
  const connector = buildConnector({ ca, allowH2: true, maxCachedSessions: 0 });
  /**
   * @param {unknown} options
   * @param {(error: Error | null, socket?: import('node:tls').TLSSocket) => void} done
   */
  return (options, done) =>
    connector(options, (/** @type {Error | null} */ error, /** @type {import('node:tls').TLSSocket} */ socket) => {
      const isOther = error === null && socket.alpnProtocol !== 'h2';
      done(isOther ? new Error(`negotiated ${socket.alpnProtocol} instead of h2`) : error, socket);
    });
}

await runClientProgram({
  open: (target, ca) => new Client(target.origin, { allowH2: true, connect: http2Connector(ca) }),
  get: async (client, target) => {
    const { statusCode, body } = await client.request({ path: target.path, method: 'GET' });
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    let bytes = 0;
    body.on('data', (/** @type {Buffer} */ chunk) => {
      bytes += chunk.length;
    });
    await new Promise((resolve, reject) => body.on('end', resolve).on('error', reject));
    return bytes;
  },
  close: (client) => void client.close(),
});
