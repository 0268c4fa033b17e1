import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { coversHost } from '../../src/http/certificate-names.js';
import { type CertificateOptions, makeCa, makeCert } from '../support/certs.js';

const covers = async (options: CertificateOptions, host: string): Promise<boolean> => {
  const { certPem } = await makeCert({ ca: await makeCa(), ...options });
  return coversHost(new X509Certificate(certPem), host);
};

it.each([
  [['a.test'], [], 'a.test', true],
  [['a.test', 'b.test'], [], 'b.test', true],
  [['A.Test'], [], 'a.test', true],
  [['*.example.test'], [], 'a.example.test', true],
  [['*.example.test'], [], 'example.test', false],
  [['*.example.test'], [], 'a.b.example.test', false],
  [['a*.example.test'], [], 'ab.example.test', false],
  [['a.test'], [], 'sub.a.test', false],
  [['a.test'], ['127.0.0.1'], '127.0.0.1', true],
  [['127.0.0.1'], [], '127.0.0.1', false],
  [['a.test'], ['::1'], '::1', true],
  [['a.test'], ['::1'], '::2', false],
])('names %s and addresses %s: %s is %s', async (hosts, ips, host, covered) => {
  expect(await covers({ hosts, ips }, host)).toBe(covered);
});

it('the subject’s common name does not count', async () => {
  expect(await covers({ commonName: 'a.test', hosts: ['b.test'] }, 'a.test')).toBe(false);
  expect(await covers({ commonName: 'a.test' }, 'a.test')).toBe(false);
});

it('an issuer’s certificate is for no host', async () => {
  const { certPem } = await makeCa({ hosts: ['a.test'] });
  expect(coversHost(new X509Certificate(certPem), 'a.test')).toBe(false);
});
