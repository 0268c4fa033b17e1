/** `@fails-components/webtransport` over HTTP/3: Google's QUICHE, from the package that has it. */
import { importPeer } from '../../lib/peer-require.mjs';
import { PATHS } from '../service.mjs';

const { Http3Server, quicheLoaded, WebTransport } = await importPeer(
  '@fails-components/webtransport/lib/index.node.js',
);
await quicheLoaded;

/** @type {import('../library.mjs').Library['connect']} */
export async function connect(url, certHash) {
  const transport = new WebTransport(url, { serverCertificateHashes: [{ algorithm: 'sha-256', value: certHash }] });
  await transport.ready;
  return transport;
}

/** @type {import('../library.mjs').Library['listen']} */
export async function listen({ host, port, key, cert }, onSession) {
  const server = new Http3Server({ host, port, cert, privKey: key, secret: 'of the benchmark' });
  server.startServer();
  await server.ready;
  for (const path of PATHS) {
    const acceptAll = async () => {
      for await (const session of server.sessionStream(path)) {
        await session.ready;
        onSession(path, session);
      }
    };
    void acceptAll();
  }
}
