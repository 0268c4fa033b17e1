/** A server in a process of its own and a session with it. */
import { WebTransport } from '../../src/webtransport.js';
import { ChildModule } from '../../test/support/child-module.js';
import { makeWebTransportIdentity } from '../../test/support/webtransport-identity.js';

/** @typedef {import('./webtransport-server.js').WebTransportServerFunctions} ServerFunctions */

/**
 * Starts both, runs `use`, and ends both.
 *
 * @param {(transport: WebTransport, server: ChildModule<ServerFunctions>) => Promise<void>} use
 */
export async function withTransport(use) {
  const { certificate, hash } = await makeWebTransportIdentity();
  const init = { key: certificate.keyPem, cert: certificate.certPem };
  /** @type {ChildModule<ServerFunctions>} */
  const server = await ChildModule.start(new URL('./webtransport-server.ts', import.meta.url), init);
  try {
    const serverCertificateHashes = [{ algorithm: 'sha-256', value: hash }];
    const transport = new WebTransport(`https://127.0.0.1:${await server.call('port')}/`, { serverCertificateHashes });
    await transport.ready;
    await use(transport, server);
    transport.close();
    await transport.closed;
  } finally {
    await server.stop();
  }
}
