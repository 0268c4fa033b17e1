/** The certificate of `npm run demo -- serve`: made for the occasion, or the user's own. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { makeCert } from '../../test/support/certs.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * `makeCert` lets it begin a day ago. WebTransport's serverCertificateHashes takes only ECDSA P-256 certificates that are valid for at
 * most 14 days in all.
 */
const VALID_DAYS_FROM_NOW = 12;

/**
 * @typedef {object} ServeCertificate
 * @property {string} cert PEM
 * @property {string} key PEM
 * @property {boolean} isNew made for the occasion: nobody knows it
 * @property {string} subject
 * @property {string} validTo
 * @property {string} sha256 of the certificate (DER), in hex: for serverCertificateHashes
 * @property {string} spkiSha256 of its public key (SubjectPublicKeyInfo), in base64: for Chromium
 */

/**
 * @param {string} host as the user named it
 * @param {{ cert: string, key: string } | undefined} files
 * @returns {Promise<ServeCertificate>}
 */
export async function serveCertificate(host, files) {
  const pair = files === undefined ? await makePair(host) : await readPair(files);
  const leaf = new X509Certificate(pair.cert);
  const spki = leaf.publicKey.export({ type: 'spki', format: 'der' });
  return {
    ...pair,
    isNew: files === undefined,
    subject: leaf.subject.replaceAll('\n', ', '),
    validTo: leaf.validTo,
    sha256: createHash('sha256').update(leaf.raw).digest('hex'),
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
  };
}

/** @param {string} host */
async function makePair(host) {
  const hosts = new Set(['localhost']);
  const ips = new Set(['127.0.0.1', '::1', ...ownAddresses()]);
  (isIP(host) === 0 ? hosts : ips).add(host);
  const { certPem, keyPem } = await makeCert({
    commonName: 'necko-http3 demo',
    hosts: [...hosts],
    ips: [...ips],
    notAfter: new Date(Date.now() + VALID_DAYS_FROM_NOW * DAY_MS),
  });
  return { cert: certPem, key: keyPem };
}

/** @param {{ cert: string, key: string }} files */
async function readPair({ cert, key }) {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

/** @returns {string[]} addresses at which others reach this machine */
export function ownAddresses() {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address }) => address);
}
