import { createHash } from 'node:crypto';
import { makeCa, makeCert } from './certs.js';
import type { TestIdentity } from './client.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A server's identity that browsers accept by `serverCertificateHashes`, too. */
export interface WebTransportIdentity extends TestIdentity {
  /** SHA-256 of the leaf in DER. */
  readonly hash: Buffer;
}

/**
 * A certificate for localhost, 127.0.0.1 and ::1 with a P-256 key that is valid for ten days: W3C WebTransport 6.11 allows two weeks
 * at most for a certificate that is known by its hash.
 */
export async function makeWebTransportIdentity(): Promise<WebTransportIdentity> {
  const ca = await makeCa();
  const notAfter = new Date(Date.now() + 9 * DAY_MS);
  const leaf = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1', '::1'], notAfter });
  return {
    ca: ca.certPem,
    certificate: { certPem: leaf.chainPem, keyPem: leaf.keyPem },
    hash: createHash('sha256').update(leaf.der).digest(),
  };
}
