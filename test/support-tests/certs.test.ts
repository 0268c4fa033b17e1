import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type CertificateOptions, type IssuedCertificate, makeCa, makeCert } from '../support/certs.js';

const HOUR_MS = 3_600_000;

/** What Node's own TLS client says of a server with this certificate: undefined for accepted, or the error's code and message. */
async function verdict(
  server: Pick<IssuedCertificate, 'keyPem'> & { readonly certPem: string },
  root: IssuedCertificate,
  servername = 'www.example.test',
): Promise<string | undefined> {
  const listener = tls.createServer({ key: server.keyPem, cert: server.certPem });
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const isName = /[a-z]/.test(servername);
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: root.certPem,
    ...(isName
      ? { servername }
      : { servername: '', checkServerIdentity: (_host, cert) => tls.checkServerIdentity(servername, cert) }),
  });
  try {
    return await new Promise((resolve) => {
      socket.on('secureConnect', () => resolve(undefined));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}: ${error.message}`));
    });
  } finally {
    socket.destroy();
    listener.close();
  }
}

const HOSTS = { hosts: ['www.example.test'] };

async function issue(options: CertificateOptions, authority: CertificateOptions = {}) {
  const root = await makeCa(authority);
  return { root, leaf: await makeCert({ ca: root, ...HOSTS, ...options }) };
}

function chained(leaf: IssuedCertificate) {
  return { keyPem: leaf.keyPem, certPem: leaf.chainPem };
}

describe('certificates that a client accepts', () => {
  test.each(['ec', 'rsa'] as const)('a leaf under a root, %s keys', async (keyType) => {
    const { root, leaf } = await issue({ keyType }, { keyType });
    expect(await verdict(leaf, root)).toBeUndefined();
  });

  test('a chain with an intermediate', async () => {
    const root = await makeCa();
    const intermediate = await makeCa({ ca: root, pathLength: 0 });
    const leaf = await makeCert({ ca: intermediate, ...HOSTS });
    expect(leaf.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(await verdict(chained(leaf), root)).toBeUndefined();
  });

  test('IP addresses and wildcards as names', async () => {
    const { root, leaf } = await issue({ hosts: ['*.example.test'], ips: ['127.0.0.1', '::1'] });
    expect(await verdict(leaf, root, 'www.example.test')).toBeUndefined();
    expect(await verdict(leaf, root, '127.0.0.1')).toBeUndefined();
    expect(new X509Certificate(leaf.certPem).checkIP('::1')).toBe('::1');
  });

  test('names within the constraints', async () => {
    const { root, leaf } = await issue(
      { ips: ['127.0.0.1'] },
      {
        nameConstraints: { permittedDns: ['example.test'], permittedIps: ['127.0.0.0/8'], excludedIps: ['fe80::/10'] },
      },
    );
    expect(await verdict(leaf, root)).toBeUndefined();
  });
});

describe('certificates that a client refuses', () => {
  const now = Date.now();
  test.each<[string, CertificateOptions, CertificateOptions, string]>([
    ['expired', { notAfter: new Date(now - HOUR_MS) }, {}, 'CERT_HAS_EXPIRED'],
    ['not yet valid', { notBefore: new Date(now + HOUR_MS) }, {}, 'CERT_NOT_YET_VALID'],
    ['wrong host', { hosts: ['other.example.test'] }, {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['usage that is not for servers', { extendedKeyUsage: ['clientAuth'] }, {}, 'INVALID_PURPOSE'],
    [
      'DNS name outside the permitted ones',
      {},
      { nameConstraints: { permittedDns: ['example.org'] } },
      'permitted subtree violation',
    ],
    [
      'DNS name among the excluded ones',
      {},
      { nameConstraints: { excludedDns: ['example.test'] } },
      'excluded subtree violation',
    ],
    [
      'IP address outside the permitted ones',
      { ips: ['127.0.0.1'] },
      { nameConstraints: { permittedIps: ['10.0.0.0/8'] } },
      'permitted subtree violation',
    ],
  ])('%s', async (_name, leafOptions, rootOptions, code) => {
    const { root, leaf } = await issue(leafOptions, rootOptions);
    expect(await verdict(leaf, root)).toContain(code);
  });

  // OpenSSL versions differ in which of the two they find first.
  test.each<[string, CertificateOptions, RegExp]>([
    ['that says it is none', { isCa: false, keyUsage: ['keyCertSign'] }, /INVALID_(CA|PURPOSE)/],
    ['without basicConstraints', { basicConstraints: false, keyUsage: false }, /INVALID_(CA|PURPOSE)/],
    [
      'that may not sign certificates',
      { keyUsage: ['digitalSignature'] },
      /key usage does not include certificate signing/,
    ],
  ])('an intermediate CA %s', async (_name, options, code) => {
    const root = await makeCa();
    const leaf = await makeCert({ ca: await makeCa({ ca: root, ...options }), ...HOSTS });
    expect(await verdict(chained(leaf), root)).toMatch(code);
  });

  test('wrong IP address', async () => {
    const { root, leaf } = await issue({ ips: ['127.0.0.2'] });
    expect(await verdict(leaf, root, '127.0.0.1')).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('self-signed', async () => {
    expect(await verdict(await makeCert(HOSTS), await makeCa())).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('unknown issuer, although of the same name', async () => {
    const { leaf } = await issue({});
    expect(await verdict(leaf, await makeCa())).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('missing intermediate', async () => {
    const root = await makeCa();
    const leaf = await makeCert({ ca: await makeCa({ ca: root }), ...HOSTS });
    expect(await verdict(leaf, root)).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('a path longer than the CA allows', async () => {
    const root = await makeCa({ pathLength: 0 });
    const leaf = await makeCert({ ca: await makeCa({ ca: root }), ...HOSTS });
    expect(await verdict(chained(leaf), root)).toContain('PATH_LENGTH_EXCEEDED');
  });
});

test('weak signatures and small keys can be made', async () => {
  const root = await makeCa({ keyType: 'rsa' });
  const sha1 = await makeCert({ ca: root, signatureHash: 'SHA-1', ...HOSTS });
  expect(new X509Certificate(sha1.certPem).verify(new X509Certificate(root.certPem).publicKey)).toBe(true);
  // sha1WithRSAEncryption, 1.2.840.113549.1.1.5, as the certificate's DER has it.
  expect(sha1.der.includes(Buffer.from('06092a864886f70d010105', 'hex'))).toBe(true);
  const ecdsaSha1 = await makeCert({ ca: await makeCa(), signatureHash: 'SHA-1', ...HOSTS });
  // ecdsa-with-SHA1, 1.2.840.10045.4.1.
  expect(ecdsaSha1.der.includes(Buffer.from('06072a8648ce3d0401', 'hex'))).toBe(true);
  const small = await makeCert({ ca: root, keyType: 'rsa', rsaBits: 1024, ...HOSTS });
  expect(small.key.asymmetricKeyDetails?.modulusLength).toBe(1024);
});

test('a leaf can lack basicConstraints and usages', async () => {
  const leaf = await makeCert({ ...HOSTS, basicConstraints: false, keyUsage: false, extendedKeyUsage: false });
  const certificate = new X509Certificate(leaf.certPem);
  expect(certificate.keyUsage).toBeUndefined();
  expect(certificate.ca).toBe(false);
});
