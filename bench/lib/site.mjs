/** What the servers serve: files made for the occasion, and a certificate from an authority of its own. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { writeSiteFile } from '../../test/support/site-files.js';
import { SERVER_ADDRESS } from './impaired-network.mjs';

/** All servers listen there, but for those with a network of their own; the certificate is for all. */
export const HOST = '127.0.0.1';
const HOST_NAME = 'localhost';
/** With the day before, less than the two weeks of a certificate that is known by its hash (W3C WebTransport 6.11). */
const VALID_MS = 9 * 24 * 60 * 60 * 1000;

/**
 * @typedef {object} Site
 * @property {string} directory of the files
 * @property {string} certPem
 * @property {string} keyPem
 * @property {string} certFile
 * @property {string} keyFile
 * @property {string} caFile the authority's certificate
 * @property {string} certHash SHA-256 of the certificate in hex
 * @property {() => Promise<void>} remove
 */

/**
 * @param {Readonly<Record<string, number>>} files sizes in bytes by name
 * @returns {Promise<Site>}
 */
export async function makeSite(files) {
  const root = await mkdtemp(join(tmpdir(), 'necko-http3-bench-'));
  const directory = join(root, 'files');
  await mkdir(directory);
  const ca = await makeCa();
  const notAfter = new Date(Date.now() + VALID_MS);
  const { certPem, keyPem, der } = await makeCert({ ca, hosts: [HOST_NAME], ips: [HOST, SERVER_ADDRESS], notAfter });
  const certHash = createHash('sha256').update(der).digest('hex');
  const [certFile, keyFile, caFile] = [join(root, 'cert.pem'), join(root, 'key.pem'), join(root, 'ca.pem')];
  await writeFile(certFile, certPem);
  await writeFile(keyFile, keyPem, { mode: 0o600 });
  await writeFile(caFile, ca.certPem);
  for (const [name, bytes] of Object.entries(files)) await writeSiteFile(directory, name, bytes);
  return {
    directory,
    certPem,
    keyPem,
    certFile,
    keyFile,
    caFile,
    certHash,
    remove: () => rm(root, { recursive: true }),
  };
}
