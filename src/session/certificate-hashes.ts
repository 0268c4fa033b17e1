import { createHash, type X509Certificate } from 'node:crypto';
import { CertificateError } from '../errors.js';
import { SEC_ERROR_LIBRARY_FAILURE, type VerificationResult } from './authentication.js';
import { parseCertificate } from './issuer-problem.js';

/** "The total length of the validity period MUST NOT exceed two weeks" (W3C WebTransport, custom certificate requirements). */
const MAX_VALIDITY_MS = 14 * 24 * 60 * 60 * 1000;
/** The only keys accepted: the specification wants ECDSA on P-256 and forbids RSA. */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** Errors of NSS, which select the TLS alert that tells the server. */
const SEC_ERROR_EXPIRED_CERTIFICATE = -8181;
const SEC_ERROR_UNTRUSTED_CERT = -8171;

/**
 * Accepts a server's certificate by its SHA-256, whoever signed it and whatever its names are, if it meets the custom
 * certificate requirements of W3C WebTransport: X.509v3, a key that is not RSA, valid now, and for two weeks at most.
 *
 * @param chain DER, leaf first, as the server sent it
 * @param hashes of 32 bytes each
 * @param host for messages
 */
export function verifyCertificateHash(
  chain: readonly Uint8Array[] | undefined,
  hashes: readonly Uint8Array[],
  host: string,
): VerificationResult {
  const leaf = chain?.[0];
  const certificate = leaf === undefined ? undefined : parseCertificate(leaf);
  if (leaf === undefined || certificate === undefined) {
    const message = 'the server sent no certificate that can be read';
    return refused('UNABLE_TO_GET_ISSUER_CERT', message, host, SEC_ERROR_LIBRARY_FAILURE);
  }
  const digest = createHash('sha256').update(leaf).digest();
  if (!hashes.some((hash) => digest.equals(hash))) {
    const message = `the certificate is none of serverCertificateHashes. Its SHA-256: ${digest.toString('hex')}`;
    return refused('ERR_WEBTRANSPORT_CERTIFICATE_HASH', message, host);
  }
  return requirementsProblem(leaf, certificate, host) ?? { error: undefined, prErrorCode: 0 };
}

function requirementsProblem(
  leaf: Uint8Array,
  certificate: X509Certificate,
  host: string,
): VerificationResult | undefined {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const now = Date.now();
  if (now > to) return refused('CERT_HAS_EXPIRED', 'certificate has expired', host, SEC_ERROR_EXPIRED_CERTIFICATE);
  if (now < from) {
    return refused('CERT_NOT_YET_VALID', 'certificate is not yet valid', host, SEC_ERROR_EXPIRED_CERTIFICATE);
  }
  // Negated, so that a time that cannot be read is refused as well.
  if (!(to - from <= MAX_VALIDITY_MS)) {
    const message = 'a certificate accepted by its hash must not be valid for more than 14 days';
    return refused('ERR_WEBTRANSPORT_CERTIFICATE_LIFETIME', message, host);
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'ec' || !CURVES.has(asymmetricKeyDetails?.namedCurve ?? '')) {
    const message = `a certificate accepted by its hash must have an ECDSA key, not ${asymmetricKeyType ?? 'an unknown one'}`;
    return refused('ERR_WEBTRANSPORT_CERTIFICATE_KEY', message, host);
  }
  if (!isVersion3(leaf)) {
    return refused('ERR_WEBTRANSPORT_CERTIFICATE_VERSION', 'the certificate is not X.509v3', host);
  }
  return undefined;
}

function refused(
  code: string,
  message: string,
  host: string,
  prErrorCode: number = SEC_ERROR_UNTRUSTED_CERT,
): VerificationResult {
  return { error: new CertificateError(code, message, 'CERTIFICATE_HASH', host), prErrorCode };
}

/** `[0] { INTEGER 2 }`, first in the TBSCertificate (RFC 5280 4.1). */
const VERSION_3 = Buffer.from('a003020102', 'hex');

/** @param der a certificate that OpenSSL has parsed */
function isVersion3(der: Uint8Array): boolean {
  const start = contentStart(der, contentStart(der, 0));
  return VERSION_3.equals(der.subarray(start, start + VERSION_3.length));
}

/** Where the content of the DER value at `offset` begins: after its tag and length. */
function contentStart(der: Uint8Array, offset: number): number {
  const length = der[offset + 1] ?? 0;
  return offset + 2 + (length < 0x80 ? 0 : length & 0x7f);
}
