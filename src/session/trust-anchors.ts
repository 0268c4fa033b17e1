import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { InvalidArgumentError } from '../errors.js';
import { type CertVerifier, loadAddon } from '../native.js';

/** Certificates as a user gives them: PEM (one or more) or DER. */
export type CertificateInput = string | Uint8Array;

/** Verifies against one set of trust anchors. Made once for each set and shared. */
export interface TrustAnchors {
  readonly verifier: CertVerifier;
  /** DER. */
  readonly certificates: readonly Uint8Array[];
  /** Names the set: part of the key of resumption tokens, since a resumed handshake verifies nothing again. */
  readonly fingerprint: string;
}

const PEM_BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]*)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
/** Sets of anchors kept; a program uses one or two. */
const MAX_CACHED_SETS = 16;

const cache = new Map<string, TrustAnchors>();
let defaultAnchors: TrustAnchors | undefined;

/**
 * Trust anchors for the `ca` option; without it those that Node itself trusts: `tls.getCACertificates()` where it exists,
 * else `tls.rootCertificates` and `NODE_EXTRA_CA_CERTS`.
 *
 * @throws InvalidArgumentError if `ca` holds no certificate, or is neither text nor bytes
 */
export function trustAnchors(ca: CertificateInput | readonly CertificateInput[] | undefined): TrustAnchors {
  if (ca === undefined) {
    defaultAnchors ??= build(nodeCertificates().flatMap((input) => parseCertificates(input, 'ca')));
    return defaultAnchors;
  }
  const certificates = (isList(ca) ? ca : [ca]).flatMap((input) => parseCertificates(input, 'ca'));
  if (certificates.length === 0) throw new InvalidArgumentError('ca: no certificate found in it');
  return build(certificates);
}

function isList(ca: CertificateInput | readonly CertificateInput[]): ca is readonly CertificateInput[] {
  return Array.isArray(ca);
}

function build(certificates: readonly Uint8Array[]): TrustAnchors {
  const hash = createHash('sha256');
  for (const certificate of certificates) hash.update(createHash('sha256').update(certificate).digest());
  const fingerprint = hash.digest('base64url');
  const known = cache.get(fingerprint);
  if (known !== undefined) return known;
  const { CertVerifier: Verifier } = loadAddon();
  const verifier = new Verifier(certificates);
  if (verifier.anchorCount === 0 && certificates.length > 0) {
    throw new InvalidArgumentError('ca: none of the certificates can be parsed');
  }
  const anchors = { verifier, certificates, fingerprint };
  cache.set(fingerprint, anchors);
  if (cache.size > MAX_CACHED_SETS) {
    const oldest = cache.keys().next();
    if (oldest.done !== true) cache.delete(oldest.value);
  }
  return anchors;
}

/**
 * The certificates in it, as DER; none if there is none.
 * @param option its name, for messages
 * @throws InvalidArgumentError if it is neither text nor bytes
 */
export function parseCertificates(input: CertificateInput, option: string): Uint8Array[] {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw new InvalidArgumentError(`${option}: must be PEM or DER, as a string or bytes, or a list of these`);
  }
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  const blocks = [...text.matchAll(PEM_BLOCK)].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
  if (blocks.length > 0) return blocks;
  // DER begins with a SEQUENCE.
  return typeof input !== 'string' && input[0] === 0x30 ? [input] : [];
}

function nodeCertificates(): CertificateInput[] {
  const getCACertificates = (tls as { getCACertificates?: (type?: string) => string[] }).getCACertificates;
  if (getCACertificates !== undefined) return getCACertificates('default');
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return [...tls.rootCertificates, ...(extra === undefined || extra === '' ? [] : [readExtra(extra)])];
}

/** As Node does: a file that cannot be read is warned about, not fatal. */
function readExtra(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    process.emitWarning(
      `Ignoring extra certs from \`${path}\`: ${error instanceof Error ? error.message : String(error)}`,
    );
    return '';
  }
}
