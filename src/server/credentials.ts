import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { errorMessage, InvalidArgumentError } from '../errors.js';
import { loadServerAddon, type ServerCredential } from '../native-server.js';
import { type CertificateInput, parseCertificates } from '../session/trust-anchors.js';

/** A private key as Node's tls takes it: PEM, or PEM with the passphrase of its own. */
export type KeyInput = string | Uint8Array | { readonly pem: string | Uint8Array; readonly passphrase?: string };

/** A certificate with its private key. */
export interface CredentialOptions {
  /** PEM: the leaf's certificate, then its intermediates, in one text or in several. */
  readonly cert: CertificateInput | readonly CertificateInput[];
  /** PEM: PKCS #8, PKCS #1 or SEC 1; EC or RSA. */
  readonly key: KeyInput | readonly KeyInput[];
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
}

/** What node:crypto says of an encrypted key without a passphrase: the second for PKCS #8. */
const NO_PASSPHRASE = new Set(['ERR_MISSING_PASSPHRASE', 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED']);

/**
 * Makes the native credential. The key stays in memory.
 *
 * @param where names it in messages, for example "addContext('example.org')"; '' for the server's own options
 * @throws InvalidArgumentError, or an error with `code` ERR_TLS_KEY_UNSUPPORTED …, that says what is wrong
 */
export function makeCredential(options: CredentialOptions, where = ''): ServerCredential {
  const prefix = where === '' ? '' : `${where}: `;
  const chain = certificateChain(options.cert, prefix);
  const key = privateKey(options, prefix);
  const leaf = parseLeaf(chain, prefix);
  if (!leaf.checkPrivateKey(key)) {
    throw new InvalidArgumentError(`${prefix}key: is not the key of the certificate ${oneLine(leaf.subject)}`);
  }
  const { ServerCredential: Credential } = loadServerAddon();
  return new Credential(chain, key.export({ type: 'pkcs8', format: 'der' }));
}

function certificateChain(cert: CredentialOptions['cert'] | undefined, prefix: string): Uint8Array[] {
  if (cert === undefined) throw new InvalidArgumentError(`${prefix}cert: is missing; HTTP/3 is always encrypted`);
  const inputs = isList(cert) ? cert : [cert];
  const chain = inputs.flatMap((input) => parseCertificates(input, `${prefix}cert`));
  if (chain.length === 0) throw new InvalidArgumentError(`${prefix}cert: no certificate found in it`);
  return chain;
}

function privateKey({ key, passphrase }: Partial<CredentialOptions>, prefix: string): KeyObject {
  if (key === undefined) throw new InvalidArgumentError(`${prefix}key: is missing; HTTP/3 is always encrypted`);
  const [only, ...more] = isList(key) ? key : [key];
  if (only === undefined || more.length > 0) {
    throw new InvalidArgumentError(`${prefix}key: must be one key; a certificate of another type needs another name`);
  }
  const own = typeof only === 'object' && 'pem' in only ? only : { pem: only, passphrase };
  if (typeof own.pem !== 'string' && !(own.pem instanceof Uint8Array)) {
    throw new InvalidArgumentError(`${prefix}key: must be PEM, as a string or bytes`);
  }
  const pem = typeof own.pem === 'string' ? own.pem : Buffer.from(own.pem);
  const phrase = own.passphrase ?? passphrase;
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(phrase !== undefined && { passphrase: phrase }) });
  } catch (error) {
    const encrypted = phrase === undefined && NO_PASSPHRASE.has(String((error as NodeJS.ErrnoException).code));
    const why = encrypted ? 'it is encrypted, and there is no passphrase' : errorMessage(error);
    throw new InvalidArgumentError(`${prefix}key: cannot be read: ${why}`, { cause: error });
  }
}

function parseLeaf([leaf]: readonly Uint8Array[], prefix: string): X509Certificate {
  try {
    return new X509Certificate(leaf ?? '');
  } catch (error) {
    throw new InvalidArgumentError(`${prefix}cert: the first certificate cannot be parsed: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ');
}
