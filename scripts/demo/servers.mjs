/** The demo's servers: Caddy with a certificate made for the occasion, and a Node server behind it that echoes. */

import { caddyVersion, startCaddy } from '../../test/support/caddy.js';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { OriginServer } from '../../test/support/origin-server.js';
import { bodySha256, generateBody } from '../../test/support/site-files.js';

const DOWNLOAD = 'download.bin';
const SMALL = 'small.txt';
/** The upload's bytes differ from the download's. */
const UPLOAD_SEED = 1;

/**
 * @param {number} downloadBytes size of the file to download
 * @param {number} uploadBytes size of the body to upload
 */
export async function startServers(downloadBytes, uploadBytes) {
  const version = await caddyVersion();
  const ca = await makeCa({ commonName: 'Demo root' });
  const leaf = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1'] });
  const echo = await OriginServer.start();
  try {
    const caddy = await startCaddy({
      certificate: { certPem: leaf.chainPem, keyPem: leaf.keyPem },
      files: { [DOWNLOAD]: downloadBytes },
      routes: [
        { path: '/echo', proxyTo: echo },
        { path: `/${SMALL}`, respond: { body: 'Hello again\n' } },
      ],
    });
    return {
      description: `Caddy ${version.replace(/^v/, '')} at ${caddy.origin}`,
      origin: caddy.origin,
      ca: ca.certPem,
      downloadPath: `/${DOWNLOAD}`,
      downloadSha256: caddy.files[DOWNLOAD]?.sha256 ?? '',
      smallPath: `/${SMALL}`,
      echoPath: '/echo',
      uploadBody: () => generateBody(uploadBytes, UPLOAD_SEED),
      uploadSha256: bodySha256(uploadBytes, UPLOAD_SEED),
      async stop() {
        await caddy.stop();
        await echo.close();
      },
    };
  } catch (error) {
    await echo.close();
    throw error;
  }
}
