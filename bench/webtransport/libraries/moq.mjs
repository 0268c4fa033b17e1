/** `@moq/web-transport` (quinn). */
import { importPeer } from '../../lib/peer-require.mjs';

/** @this {PromiseConstructor} */
function withResolvers() {
  const parts = {};
  return Object.assign(parts, {
    promise: new this((resolve, reject) => {
      Object.assign(parts, { resolve, reject });
    }),
  });
}

// It is written for Bun and for Node from 22.
if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });
const { default: WebTransport, Server } = await importPeer('@moq/web-transport/src/bundle.mjs');

/** @type {import('../library.mjs').Library['connect']} */
export async function connect(url, certHash) {
  const transport = new WebTransport(url, { serverCertificateHashes: [{ algorithm: 'sha-256', value: certHash }] });
  await transport.ready;
  return transport;
}

/** @type {import('../library.mjs').Library['listen']} */
export async function listen({ host, port, key, cert }, onSession) {
  const server = Server.bind(`${host}:${port}`, Buffer.from(cert), Buffer.from(key));
  const acceptAll = async () => {
    for (;;) {
      const request = await server.accept();
      if (request === null) return;
      const path = new URL(await request.url).pathname;
      onSession(path, await request.ok());
    }
  };
  void acceptAll();
}
