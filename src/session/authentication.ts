import { CertificateError } from '../errors.js';
import { issuerProblem, parseCertificate } from './issuer-problem.js';
import type { TrustAnchors } from './trust-anchors.js';

/** Outcome of a verification: the error, if any, and the code that selects the TLS alert sent to the server. */
export interface VerificationResult {
  readonly error: CertificateError | undefined;
  /** PRErrorCode of NSS or mozilla::pkix; 0 on success. */
  readonly prErrorCode: number;
}

/** SEC_ERROR_LIBRARY_FAILURE: for a chain that cannot even be looked at. */
export const SEC_ERROR_LIBRARY_FAILURE = -8191;

/** mozilla::pkix result → the code that Node's tls (OpenSSL) gives for the same defect, and what it means. */
const RESULTS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  ERROR_EXPIRED_CERTIFICATE: ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ERROR_EXPIRED_ISSUER_CERTIFICATE: ['CERT_HAS_EXPIRED', 'an issuing certificate has expired'],
  ERROR_NOT_YET_VALID_CERTIFICATE: ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ERROR_NOT_YET_VALID_ISSUER_CERTIFICATE: ['CERT_NOT_YET_VALID', 'an issuing certificate is not yet valid'],
  ERROR_INVALID_DER_TIME: ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'the validity of the certificate cannot be read'],
  ERROR_BAD_CERT_DOMAIN: ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  ERROR_SELF_SIGNED_CERT: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ERROR_CA_CERT_INVALID: ['INVALID_PURPOSE', 'an issuing certificate is no CA certificate'],
  ERROR_CA_CERT_USED_AS_END_ENTITY: ['INVALID_PURPOSE', 'a CA certificate is used as a server certificate'],
  ERROR_PATH_LEN_CONSTRAINT_INVALID: ['PATH_LENGTH_EXCEEDED', 'path length constraint exceeded'],
  ERROR_INADEQUATE_KEY_USAGE: ['INVALID_PURPOSE', 'the key usage of a certificate does not allow this'],
  ERROR_INADEQUATE_CERT_TYPE: ['INVALID_PURPOSE', 'the extended key usage of a certificate does not allow a server'],
  ERROR_V1_CERT_USED_AS_CA: ['INVALID_PURPOSE', 'a version 1 certificate is used as CA'],
  ERROR_CERT_NOT_IN_NAME_SPACE: ['PERMITTED_VIOLATION', 'name constraints are violated'],
  ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED: ['CA_MD_TOO_WEAK', 'a signature uses an algorithm that is too weak'],
  ERROR_WEAK_SERVER_CERT_KEY: ['EE_KEY_TOO_SMALL', "the certificate's key is too small"],
  ERROR_INADEQUATE_KEY_SIZE: ['EE_KEY_TOO_SMALL', 'a key is too small'],
  ERROR_UNSUPPORTED_ELLIPTIC_CURVE: ['EE_KEY_TOO_SMALL', 'a key uses an elliptic curve that is not accepted'],
  ERROR_UNTRUSTED_CERT: ['CERT_UNTRUSTED', 'certificate not trusted'],
  ERROR_UNTRUSTED_ISSUER: ['CERT_UNTRUSTED', 'issuer not trusted'],
  ERROR_UNKNOWN_CRITICAL_EXTENSION: ['UNHANDLED_CRITICAL_EXTENSION', 'a critical extension is not known'],
  ERROR_REVOKED_CERTIFICATE: ['CERT_REVOKED', 'certificate revoked'],
};

/**
 * Verifies a server's chain for a host name or IP address. The work is done off the event loop's thread.
 *
 * @param chain DER, leaf first, as the server sent it
 * @param done called once, in a later turn
 */
export function verifyCertificate(
  anchors: TrustAnchors,
  chain: readonly Uint8Array[] | undefined,
  host: string,
  done: (result: VerificationResult) => void,
): void {
  if (chain === undefined || chain.length === 0) {
    const error = new CertificateError(
      'UNABLE_TO_GET_ISSUER_CERT',
      'the server sent no certificate',
      'NO_CERTIFICATE',
      host,
    );
    process.nextTick(done, { error, prErrorCode: SEC_ERROR_LIBRARY_FAILURE });
    return;
  }
  anchors.verifier.verify(chain, host, Math.floor(Date.now() / 1000), (result, prErrorCode) => {
    done(
      result === 'Success'
        ? { error: undefined, prErrorCode: 0 }
        : { error: toError(result, chain, anchors, host), prErrorCode },
    );
  });
}

function toError(result: string, chain: readonly Uint8Array[], anchors: TrustAnchors, host: string): CertificateError {
  const [code, message] = RESULTS[result] ?? otherProblem(result, chain, anchors);
  const detail = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `. Host: ${host}. ${altNames(chain)}` : '';
  return new CertificateError(code, `${message}${detail}`, result, host);
}

function otherProblem(
  result: string,
  chain: readonly Uint8Array[],
  { certificates }: TrustAnchors,
): readonly [code: string, message: string] {
  if (result === 'ERROR_UNKNOWN_ISSUER') return issuerProblem(chain, []);
  if (result === 'ERROR_BAD_SIGNATURE') return issuerProblem(chain, certificates);
  return ['CERT_REJECTED', `certificate rejected (${result})`];
}

function altNames(chain: readonly Uint8Array[]): string {
  const leaf = chain[0] === undefined ? undefined : parseCertificate(chain[0]);
  return `Certificate's altnames: ${leaf?.subjectAltName ?? '(none)'}`;
}
