/** Certificates that a client must refuse, with the code that it must give. */
import type { ServerCertificate } from './certificate-verdicts.js';
import { type CertificateOptions, type IssuedCertificate, makeCa, makeCert } from './certs.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOST = 'www.example.test';

/** A server's certificate, what its clients trust, and the host name or IP address that they ask for. */
export interface RefusedScene {
  readonly server: ServerCertificate;
  readonly ca: string;
  readonly host: string;
}

export interface RefusedCertificate {
  /** Continues "a certificate". */
  readonly name: string;
  readonly code: string;
  readonly make: () => Promise<RefusedScene>;
}

/** One that Node refuses with another code than we do. */
export interface RefusedOtherwise extends RefusedCertificate {
  readonly because: string;
  readonly nodeCode: string;
  /** Part of Node's message: that it means the same. */
  readonly nodeMessage: string;
  /** Node refuses it at OpenSSL's security level 2, and accepts it at level 1. */
  readonly strict?: boolean;
}

function serverOf(leaf: IssuedCertificate): ServerCertificate {
  return { certPem: leaf.chainPem, keyPem: leaf.keyPem };
}

async function underRoot(options: CertificateOptions, authority: CertificateOptions = {}): Promise<RefusedScene> {
  const root = await makeCa(authority);
  return { server: serverOf(await makeCert({ ca: root, hosts: [HOST], ...options })), ca: root.certPem, host: HOST };
}

/** The server sends the intermediate. */
async function underIntermediate(
  options: CertificateOptions,
  authority: CertificateOptions = {},
): Promise<RefusedScene> {
  const root = await makeCa(authority);
  const intermediate = await makeCa({ ca: root, ...options });
  return { server: serverOf(await makeCert({ ca: intermediate, hosts: [HOST] })), ca: root.certPem, host: HOST };
}

/** The client trusts another root. */
async function unknown(scene: Promise<RefusedScene>, authority: CertificateOptions = {}): Promise<RefusedScene> {
  return { ...(await scene), ca: (await makeCa(authority)).certPem };
}

const past = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - HOUR_MS) } as const;
const future = { notBefore: new Date(Date.now() + HOUR_MS) } as const;
const UNKNOWN = { commonName: 'Unknown root' } as const;

async function rootSentAlong(): Promise<RefusedScene> {
  const root = await makeCa(UNKNOWN);
  const { keyPem, certPem } = await makeCert({ ca: root, hosts: [HOST] });
  return { server: { keyPem, certPem: certPem + root.certPem }, ca: (await makeCa()).certPem, host: HOST };
}

async function intermediateMissing(): Promise<RefusedScene> {
  const { server, ca, host } = await underIntermediate({});
  const [leaf = ''] = server.certPem.split(/(?<=-----END CERTIFICATE-----\n)/);
  return { server: { ...server, certPem: leaf }, ca, host };
}

/** The intermediate that the server sends has nothing to do with its certificate. */
async function intermediateOfAnother(): Promise<RefusedScene> {
  const { server, ca, host } = await intermediateMissing();
  const stranger = await makeCa({ ca: await makeCa(), commonName: 'Unrelated intermediate' });
  return { server: { ...server, certPem: server.certPem + stranger.certPem }, ca, host };
}

/** One bit of the signature is wrong. */
async function tampered(): Promise<RefusedScene> {
  const scene = await underRoot({});
  const der = Buffer.from(scene.server.certPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  // The certificate ends with the last octet of the ECDSA signature's s.
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  const certPem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { ...scene, server: { ...scene.server, certPem } };
}

const NO_CODE = 'UNSPECIFIED';
const BECAUSE_NO_CODE = "Node's X509ErrorCode names only some of OpenSSL's errors; ours has OpenSSL's name";

export const REFUSED_AS_NODE_DOES: readonly RefusedCertificate[] = [
  { name: 'that has expired', code: 'CERT_HAS_EXPIRED', make: () => underRoot(past) },
  { name: 'of an intermediate that has expired', code: 'CERT_HAS_EXPIRED', make: () => underIntermediate(past) },
  { name: 'of a root that has expired', code: 'CERT_HAS_EXPIRED', make: () => underRoot({}, past) },
  { name: 'that is not yet valid', code: 'CERT_NOT_YET_VALID', make: () => underRoot(future) },
  {
    name: 'of an intermediate that is not yet valid',
    code: 'CERT_NOT_YET_VALID',
    make: () => underIntermediate(future),
  },
  {
    name: 'for another host',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    make: () => underRoot({ hosts: ['other.example.test'], commonName: 'other.example.test' }),
  },
  {
    name: 'for another IP address',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    make: async () => ({ ...(await underRoot({ hosts: [], ips: ['127.0.0.2', '::1'] })), host: '127.0.0.1' }),
  },
  {
    name: 'that has the IP address as a DNS name',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    make: async () => ({ ...(await underRoot({ hosts: ['127.0.0.1'] })), host: '127.0.0.1' }),
  },
  {
    name: 'with a wildcard, for a host two labels below',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    make: () => underRoot({ hosts: ['*.test'] }),
  },
  {
    name: 'with a wildcard, for the host above',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    make: () => underRoot({ hosts: ['*.www.example.test'] }),
  },
  {
    name: 'that is self-signed',
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    make: async () =>
      unknown(makeCert({ hosts: [HOST] }).then((leaf) => ({ server: serverOf(leaf), ca: '', host: HOST }))),
  },
  { name: 'of an unknown root that the server sends, too', code: 'SELF_SIGNED_CERT_IN_CHAIN', make: rootSentAlong },
  {
    name: 'of an unknown issuer',
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    make: () => unknown(underRoot({}, UNKNOWN)),
  },
  {
    name: "of an unknown issuer that has a known one's name, but not its key",
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    make: () => unknown(underRoot({})),
  },
  {
    name: 'of an intermediate of an unknown issuer',
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    make: () => unknown(underIntermediate({}, UNKNOWN)),
  },
  {
    name: "of an intermediate of an unknown issuer that has a known one's name, but not its key",
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    make: () => unknown(underIntermediate({})),
  },
  {
    name: 'of an intermediate that the server does not send',
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    make: intermediateMissing,
  },
  {
    name: 'of an intermediate in whose place the server sends another one',
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    make: intermediateOfAnother,
  },
  { name: 'whose signature is wrong', code: 'CERT_SIGNATURE_FAILURE', make: tampered },
  {
    name: 'of an intermediate that is no CA',
    code: 'INVALID_PURPOSE',
    make: () => underIntermediate({ isCa: false, keyUsage: ['keyCertSign'] }),
  },
  {
    name: 'of a root that is no CA',
    code: 'INVALID_PURPOSE',
    make: () => underRoot({}, { isCa: false, keyUsage: false }),
  },
  {
    name: 'of an intermediate without basicConstraints and key usage',
    code: 'INVALID_PURPOSE',
    make: () => underIntermediate({ basicConstraints: false, keyUsage: false }),
  },
  {
    name: 'whose key usage allows no signature',
    code: 'INVALID_PURPOSE',
    make: () => underRoot({ keyUsage: ['keyCertSign'] }),
  },
  {
    name: 'whose extended key usage is for clients',
    code: 'INVALID_PURPOSE',
    make: () => underRoot({ extendedKeyUsage: ['clientAuth'] }),
  },
  {
    name: 'of an intermediate whose extended key usage is for clients',
    code: 'INVALID_PURPOSE',
    make: () => underIntermediate({ extendedKeyUsage: ['clientAuth'] }),
  },
  {
    name: 'of a longer path than the root allows',
    code: 'PATH_LENGTH_EXCEEDED',
    make: () => underIntermediate({}, { pathLength: 0 }),
  },
];

export const REFUSED_OTHERWISE: readonly RefusedOtherwise[] = [
  {
    name: 'of an intermediate that may not sign certificates',
    code: 'INVALID_PURPOSE',
    nodeCode: NO_CODE,
    nodeMessage: 'key usage does not include certificate signing',
    because: "Node's X509ErrorCode has no name for it; it is the code of the other wrong usages",
    make: () => underIntermediate({ keyUsage: ['digitalSignature'] }),
  },
  {
    name: 'of an intermediate without basicConstraints that may sign certificates',
    code: 'INVALID_PURPOSE',
    nodeCode: 'INVALID_CA',
    nodeMessage: 'invalid CA certificate',
    because: 'of several errors Node gives the last, which is INVALID_PURPOSE for all other issuers that are no CA',
    make: () => underIntermediate({ basicConstraints: false, keyUsage: ['keyCertSign'] }),
  },
  {
    name: 'outside the names that its root may issue for',
    code: 'PERMITTED_VIOLATION',
    nodeCode: NO_CODE,
    nodeMessage: 'permitted subtree violation',
    because: BECAUSE_NO_CODE,
    make: () => underRoot({}, { nameConstraints: { permittedDns: ['example.org'] } }),
  },
  {
    name: 'outside the networks that its intermediate may issue for',
    code: 'PERMITTED_VIOLATION',
    nodeCode: NO_CODE,
    nodeMessage: 'permitted subtree violation',
    because: BECAUSE_NO_CODE,
    make: () => underRoot({ ips: ['127.0.0.1'] }, { nameConstraints: { permittedIps: ['10.0.0.0/8'] } }),
  },
  {
    name: 'among the names that its root may not issue for',
    code: 'PERMITTED_VIOLATION',
    nodeCode: NO_CODE,
    nodeMessage: 'excluded subtree violation',
    because: 'mozilla::pkix does not tell excluded names from those that are not permitted',
    make: () => underRoot({}, { nameConstraints: { excludedDns: ['example.test'] } }),
  },
  {
    name: 'with an ECDSA signature over SHA-1',
    code: 'CA_MD_TOO_WEAK',
    nodeCode: NO_CODE,
    nodeMessage: 'CA signature digest algorithm too weak',
    because: BECAUSE_NO_CODE,
    make: () => underRoot({ signatureHash: 'SHA-1' }),
  },
  {
    name: 'with an RSA signature over SHA-1',
    code: 'CA_MD_TOO_WEAK',
    nodeCode: NO_CODE,
    nodeMessage: 'CA signature digest algorithm too weak',
    because: BECAUSE_NO_CODE,
    make: () => underRoot({ signatureHash: 'SHA-1' }, { keyType: 'rsa' }),
  },
  {
    name: 'of an intermediate with a signature over SHA-1',
    code: 'CA_MD_TOO_WEAK',
    nodeCode: NO_CODE,
    nodeMessage: 'CA signature digest algorithm too weak',
    because: BECAUSE_NO_CODE,
    make: () => underIntermediate({ signatureHash: 'SHA-1' }),
  },
  {
    name: 'with an RSA key of 1024 bits',
    code: 'EE_KEY_TOO_SMALL',
    nodeCode: NO_CODE,
    nodeMessage: 'EE certificate key too weak',
    because: 'we ask for 2048 bits, as OpenSSL does from its security level 2 on; Node 20 is at level 1',
    strict: true,
    make: () => underRoot({ keyType: 'rsa', rsaBits: 1024 }),
  },
  {
    name: 'of an intermediate with an RSA key of 1024 bits',
    code: 'EE_KEY_TOO_SMALL',
    nodeCode: NO_CODE,
    nodeMessage: 'CA certificate key too weak',
    because: 'mozilla::pkix does not tell whose key is too small',
    strict: true,
    make: () => underIntermediate({ keyType: 'rsa', rsaBits: 1024 }),
  },
];
