/** Certificates made for the occasion: good ones, and every kind that a client must refuse. */
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { buildExtensions, type ExtensionOptions } from './certificate-extensions.js';
import { X509CertificateGenerator } from './x509-library.js';

const DAY_MS = 24 * 60 * 60 * 1000;

export type KeyType = 'ec' | 'rsa';
export type SignatureHash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

export interface CertificateOptions extends ExtensionOptions {
  /** Who signs it; default: itself. */
  readonly ca?: IssuedCertificate;
  /** Common name of the subject; default: the first host or IP address, or a name of its own for a CA. */
  readonly commonName?: string;
  /** Default: a day ago. */
  readonly notBefore?: Date;
  /** Default: in 30 days. */
  readonly notAfter?: Date;
  /** Default `ec` (P-256). */
  readonly keyType?: KeyType;
  /** Default 2048. */
  readonly rsaBits?: number;
  /** Hash of the issuer's signature on this certificate; default SHA-256. */
  readonly signatureHash?: SignatureHash;
}

export interface IssuedCertificate {
  readonly subject: string;
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
  readonly der: Buffer;
  readonly key: KeyObject;
  readonly keyType: KeyType;
  /** What a server should send: this certificate and the intermediates above it, without the root. */
  readonly chainPem: string;
  readonly isSelfSigned: boolean;
}

function generationAlgorithm(
  keyType: KeyType,
  rsaBits: number,
): webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams {
  return keyType === 'ec'
    ? { name: 'ECDSA', namedCurve: 'P-256' }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: rsaBits, publicExponent: Uint8Array.of(1, 0, 1) };
}

function publicKeyInfo(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** WebCrypto binds an RSA key to one hash, so the issuer's key is imported again for each signature. */
function importSigningKey(key: KeyObject, keyType: KeyType, hash: SignatureHash): Promise<webcrypto.CryptoKey> {
  const algorithm = keyType === 'ec' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSASSA-PKCS1-v1_5', hash };
  return webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, true, ['sign']);
}

/**
 * Makes a key and a certificate. Without options it is a self-signed leaf for no name.
 * @throws what WebCrypto throws for parameters that it does not support
 */
export async function makeCert(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  const { ca, keyType = 'ec', signatureHash = 'SHA-256' } = options;
  const commonName = options.commonName ?? options.hosts?.[0] ?? options.ips?.[0] ?? 'nobody';
  const subject = `CN=${commonName}`;
  const keys = (await webcrypto.subtle.generateKey(generationAlgorithm(keyType, options.rsaBits ?? 2048), true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: ca?.subject ?? subject,
    notBefore: options.notBefore ?? new Date(now - DAY_MS),
    notAfter: options.notAfter ?? new Date(now + 30 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(ca?.key ?? key, ca?.keyType ?? keyType, signatureHash),
    signingAlgorithm: { name: (ca?.keyType ?? keyType) === 'ec' ? 'ECDSA' : 'RSASSA-PKCS1-v1_5', hash: signatureHash },
    extensions: await buildExtensions(options, publicKeyInfo(key), publicKeyInfo(ca?.key ?? key)),
  });
  const certPem = `${certificate.toString('pem')}\n`;
  return {
    subject,
    certPem,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der: Buffer.from(certificate.rawData),
    key,
    keyType,
    chainPem: ca === undefined || ca.isSelfSigned ? certPem : certPem + ca.chainPem,
    isSelfSigned: ca === undefined,
  };
}

/** Makes a certificate authority: a root, or with `ca` an intermediate. */
export function makeCa(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  const commonName = options.ca === undefined ? 'Test root' : 'Test intermediate';
  return makeCert({ commonName, isCa: true, ...options });
}
