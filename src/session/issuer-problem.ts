import { X509Certificate } from 'node:crypto';

/** Certificates of a chain that are looked at; mozilla::pkix is given as many. */
const MAX_CERTIFICATES = 33;

const BAD_SIGNATURE = ['CERT_SIGNATURE_FAILURE', 'a signature in the certificate chain is wrong'] as const;

/**
 * Why no trusted issuer was found: mozilla::pkix says "unknown issuer", or "bad signature" if an anchor has the issuer's name
 * and another key. OpenSSL, and so Node, follows the issuers by name and key identifier and tells five cases apart.
 *
 * @param chain DER, leaf first, as the server sent it
 * @param anchors DER of the anchors that may have signed
 * @returns the code that Node's tls gives, and what it means
 */
export function issuerProblem(
  chain: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
): readonly [code: string, message: string] {
  const [leaf, ...sent] = chain.slice(0, MAX_CERTIFICATES).map(parseCertificate);
  if (leaf === undefined) return ['CERT_REJECTED', 'the certificate cannot be parsed'];
  const trusted = anchors.map(parseCertificate);
  const candidates = [...trusted, ...sent].filter((issuer) => issuer !== undefined);
  let last = leaf;
  let length = 1;
  while (!last.checkIssued(last) && length < MAX_CERTIFICATES) {
    const issuer = candidates.find((candidate) => last.checkIssued(candidate));
    if (issuer === undefined) break;
    if (!last.verify(issuer.publicKey) || trusted.includes(issuer)) return BAD_SIGNATURE;
    last = issuer;
    length += 1;
  }
  const isAlone = length === 1;
  if (last.checkIssued(last)) {
    return isAlone
      ? ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate']
      : ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'];
  }
  return isAlone
    ? ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate']
    : ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'];
}

/** Undefined for what OpenSSL cannot parse. */
export function parseCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
