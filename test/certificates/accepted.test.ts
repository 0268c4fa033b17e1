import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConnectOptions } from '../../src/index.js';
import { ACCEPTED, CertificateServers, http3Verdict, nodeVerdict } from '../support/certificate-verdicts.js';
import { type CertificateOptions, makeCa, makeCert } from '../support/certs.js';

const HOST = 'www.example.test';
const root = await makeCa();
const rsaRoot = await makeCa({ keyType: 'rsa', commonName: 'RSA root' });
const intermediate = await makeCa({ ca: root });

/** Each: what continues "a certificate", what it is, the host asked for, options of our client, options of Node's. */
const CASES: readonly [string, CertificateOptions, string, ConnectOptions?, ConnectionOptions?][] = [
  ['of a root', { ca: root, hosts: [HOST] }, HOST],
  ['of an intermediate', { ca: intermediate, hosts: [HOST] }, HOST],
  [
    'of an intermediate of an intermediate',
    { ca: await makeCa({ ca: intermediate, commonName: 'Issuing CA', pathLength: 0 }), hosts: [HOST] },
    HOST,
  ],
  ['with RSA keys', { ca: rsaRoot, keyType: 'rsa', hosts: [HOST] }, HOST],
  [
    'with an RSA key of 3072 bits and SHA-512',
    { ca: rsaRoot, keyType: 'rsa', rsaBits: 3072, signatureHash: 'SHA-512', hosts: [HOST] },
    HOST,
  ],
  ['with the IPv4 address among its names', { ca: root, hosts: ['other.test'], ips: ['127.0.0.1'] }, '127.0.0.1'],
  ['with a wildcard for the first label', { ca: root, hosts: ['*.example.test'] }, HOST],
  [
    'with the host as the last of many names',
    { ca: root, hosts: [...Array.from({ length: 100 }, (_, n) => `host-${n}.test`), HOST] },
    HOST,
  ],
  [
    'within the name constraints of its issuer',
    {
      ca: await makeCa({ ca: root, nameConstraints: { permittedDns: ['example.test'], excludedIps: ['10.0.0.0/8'] } }),
      hosts: [HOST],
    },
    HOST,
  ],
  [
    'without key usages',
    { ca: root, hosts: [HOST], keyUsage: false, extendedKeyUsage: false, basicConstraints: false },
    HOST,
  ],
  [
    'for clients as well as for servers',
    { ca: root, hosts: [HOST], extendedKeyUsage: ['clientAuth', 'serverAuth'] },
    HOST,
  ],
  [
    'for the name given as servername',
    { ca: root, hosts: ['alias.example.test'] },
    HOST,
    { servername: 'alias.example.test' },
    { servername: 'alias.example.test', checkServerIdentity: () => undefined },
  ],
];

const leaves = await Promise.all(CASES.map(([, options]) => makeCert(options)));
let servers: CertificateServers;
beforeAll(async () => {
  servers = await CertificateServers.start(leaves.map(({ chainPem, keyPem }) => ({ certPem: chainPem, keyPem })));
});
afterAll(() => servers.stop());

test.each(CASES.map(([name, , ...rest], index) => [name, index, ...rest] as const))(
  'accepted, by Node as well: a certificate %s',
  async (_name, index, host, ours = {}, node = {}) => {
    const ca = [root.certPem, rsaRoot.certPem];
    const leaf = leaves[index];
    if (leaf === undefined) throw new RangeError(`there is no certificate ${index}`);
    expect(await http3Verdict(servers.port(index), host, { ca, ...ours })).toEqual(ACCEPTED);
    expect(await nodeVerdict({ certPem: leaf.chainPem, keyPem: leaf.keyPem }, host, { ca, ...node })).toEqual(ACCEPTED);
  },
);

test('accepted: an IPv6 address among its names', async () => {
  const { chainPem, keyPem } = await makeCert({ ca: root, ips: ['::1'] });
  const server = await CertificateServers.start([{ certPem: chainPem, keyPem }], '::1');
  try {
    expect(await http3Verdict(server.port(0), '::1', { ca: root.certPem })).toEqual(ACCEPTED);
    // The same server under a name that is not the certificate's.
    const lookup: ConnectOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [{ address: '::1', family: 6 }]);
    expect(await http3Verdict(server.port(0), HOST, { ca: root.certPem, lookup })).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  } finally {
    await server.stop();
  }
});
