import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect, InvalidArgumentError } from '../../src/index.js';
import { ACCEPTED, CertificateServers, http3Verdict, type Verdict } from '../support/certificate-verdicts.js';
import { makeCa, makeCert } from '../support/certs.js';
import { runScenario } from '../support/scenario.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const HOST = 'www.example.test';
const root = await makeCa();
const otherRoot = await makeCa({ commonName: 'Other root' });
const intermediate = await makeCa({ ca: root });
const leaf = await makeCert({ ca: intermediate, hosts: [HOST] });
const selfSigned = await makeCert({ hosts: [HOST] });
const selfSignedCa = await makeCert({ hosts: [HOST], isCa: true, keyUsage: ['digitalSignature', 'keyCertSign'] });

const LEAF = 0;
const SELF_SIGNED = 1;
const SELF_SIGNED_CA = 2;
let servers: CertificateServers;
beforeAll(async () => {
  servers = await CertificateServers.start(
    [leaf, selfSigned, selfSignedCa].map(({ chainPem, keyPem }) => ({ certPem: chainPem, keyPem })),
  );
});
afterAll(() => servers.stop());

const dos = (pem: string): string => pem.replaceAll('\n', '\r\n');

describe('the ca option', () => {
  test.each<[string, NonNullable<ConnectOptions['ca']>]>([
    ['PEM', root.certPem],
    ['PEM with CRLF and text around it', `Root of the tests\r\n${dos(root.certPem)}\r\nThe end`],
    ['PEM in a Buffer', Buffer.from(root.certPem)],
    ['DER in a Buffer', root.der],
    ['DER in a Uint8Array', Uint8Array.from(root.der)],
    ['DER in a view of a larger buffer', new Uint8Array(Buffer.concat([Buffer.alloc(7), root.der])).subarray(7)],
    ['several certificates in one PEM', otherRoot.certPem + root.certPem],
    ['a list of PEM', [otherRoot.certPem, root.certPem]],
    ['a list of DER and PEM', [otherRoot.certPem, root.der]],
    ['the same certificate twice', [root.certPem, root.der]],
    ['TRUSTED CERTIFICATE, as OpenSSL calls it', root.certPem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')],
  ])('%s', async (_name, ca) => {
    expect(await http3Verdict(servers.port(LEAF), HOST, { ca })).toEqual(ACCEPTED);
  });

  test('replaces the default anchors', async () => {
    expect(await http3Verdict(servers.port(LEAF), HOST, { ca: otherRoot.certPem })).toMatchObject({
      code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    });
  });

  test('a certificate that cannot be parsed does not spoil the others', async () => {
    const ca = [Buffer.from('3003020100', 'hex'), root.der];
    expect(await http3Verdict(servers.port(LEAF), HOST, { ca })).toEqual(ACCEPTED);
  });

  test('an intermediate as anchor', async () => {
    expect(await http3Verdict(servers.port(LEAF), HOST, { ca: intermediate.certPem })).toEqual(ACCEPTED);
  });

  test.each([
    ['that is no CA', SELF_SIGNED, selfSigned.certPem],
    ['that is a CA', SELF_SIGNED_CA, selfSignedCa.certPem],
  ])("a self-signed server's own certificate as anchor, %s", async (_name, index, ca) => {
    expect(await http3Verdict(servers.port(index), HOST, { ca })).toEqual(ACCEPTED);
    expect(await http3Verdict(servers.port(index), 'other.example.test', { ca })).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test.each<[string, unknown]>([
    ['an empty string', ''],
    ['text', 'trust me'],
    ['an empty list', []],
    ['empty bytes', Buffer.alloc(0)],
    ['DER of something else', Buffer.from('3003020100', 'hex')],
    ['PEM of a key', root.keyPem],
    ['PEM of nothing', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['PEM of garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['a number', 1],
    ['null', null],
    ['a list with undefined', [root.certPem, undefined]],
  ])('is refused by connect: %s', (_name, ca) => {
    expect(() => connect('https://localhost', { ca } as ConnectOptions)).toThrow(InvalidArgumentError);
    expect(() => connect('https://localhost', { ca } as ConnectOptions)).toThrow(/^ca: /);
  });
});

describe("Node's own anchors", () => {
  const scenario = new URL('../support/certificate-verdict-child.ts', import.meta.url);
  const run = (extra: string | undefined): Promise<Verdict> =>
    runScenario(scenario, { port: servers.port(LEAF), host: HOST }, { env: { NODE_EXTRA_CA_CERTS: extra } });

  test('do not include a private CA', async () => {
    expect(await run(undefined)).toMatchObject({ code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' });
  });

  test('include what NODE_EXTRA_CA_CERTS names', async () => {
    const file = join(await temporaryDirectory(), 'extra.pem');
    await writeFile(file, `${otherRoot.certPem}\n${root.certPem}`);
    expect(await run(file)).toEqual({ message: '' });
  });

  test('stay as they are if NODE_EXTRA_CA_CERTS cannot be read', async () => {
    const directory = await temporaryDirectory();
    await rm(directory, { recursive: true });
    expect(await run(join(directory, 'missing.pem'))).toMatchObject({ code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' });
  });
});
