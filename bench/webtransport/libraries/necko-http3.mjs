/** This project through its public API, as it comes. */
import { createSecureServer } from 'necko-http3/server';
import { WebTransport } from 'necko-http3/webtransport';

/** @type {import('../library.mjs').Library['connect']} */
export async function connect(url, certHash) {
  const transport = new WebTransport(url, { serverCertificateHashes: [{ algorithm: 'sha-256', value: certHash }] });
  await transport.ready;
  return transport;
}

/** @type {import('../library.mjs').Library['listen']} */
export function listen({ host, port, key, cert }, onSession) {
  const server = createSecureServer({ key, cert, webTransport: true });
  server.on('webtransport', (request) => onSession(request.path, request.accept()));
  return new Promise((resolve) => server.listen({ port, host }, () => resolve()));
}
