import type { X509Certificate } from 'node:crypto';
import { isIpLiteral } from './origin.js';

/**
 * Whether a verified leaf certificate is for a host as the Web PKI matches names (RFC 9525 6): subject alternative names only,
 * a wildcard for exactly one whole label.
 */
export function coversHost(certificate: X509Certificate, host: string): boolean {
  // What could not be parsed is left out of a chain's list: its first is then an issuer's.
  if (certificate.ca) return false;
  if (isIpLiteral(host)) return certificate.checkIP(host) !== undefined;
  return (
    certificate.checkHost(host, {
      subject: 'never',
      wildcards: true,
      partialWildcards: false,
      multiLabelWildcards: false,
      singleLabelSubdomains: false,
    }) !== undefined
  );
}
