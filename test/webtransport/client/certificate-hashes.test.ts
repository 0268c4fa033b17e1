import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyCertificateHash } from '../../../src/session/certificate-hashes.js';
import { type CertificateOptions, type IssuedCertificate, makeCa, makeCert } from '../../support/certs.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const SECOND_MS = 1000;

function sha256(der: Uint8Array): Buffer {
  return createHash('sha256').update(der).digest();
}

function short(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  const notBefore = new Date(Date.now() - DAY_MS);
  return makeCert({ hosts: ['localhost'], notBefore, notAfter: new Date(+notBefore + 14 * DAY_MS), ...options });
}

/** The code that the certificate is refused with, or undefined. */
function verdict(der: Uint8Array, hashes: readonly Uint8Array[] = [sha256(der)]): string | undefined {
  const { error, prErrorCode } = verifyCertificateHash([der], hashes, 'localhost');
  expect(prErrorCode === 0).toBe(error === undefined);
  return error?.code;
}

describe('a certificate that is known by its hash', () => {
  it('is accepted, whoever signed it and whatever its name is', async () => {
    expect(verdict((await short()).der)).toBeUndefined();
    expect(verdict((await short({ ca: await makeCa(), hosts: ['elsewhere.example'] })).der)).toBeUndefined();
  });

  it('may be any of the hashes', async () => {
    const { der } = await short();
    expect(verdict(der, [sha256(Buffer.from('another')), sha256(der)])).toBeUndefined();
  });

  it('is refused if its hash is another, or there is no hash', async () => {
    const { der } = await short();
    expect(verdict(der, [sha256(Buffer.from('another'))])).toBe('ERR_WEBTRANSPORT_CERTIFICATE_HASH');
    expect(verdict(der, [sha256(der).subarray(0, 31)])).toBe('ERR_WEBTRANSPORT_CERTIFICATE_HASH');
    expect(verdict(der, [])).toBe('ERR_WEBTRANSPORT_CERTIFICATE_HASH');
  });

  it('counts alone: the hash of its issuer says nothing', async () => {
    const ca = await makeCa();
    const leaf = await short({ ca });
    const { error } = verifyCertificateHash([leaf.der, ca.der], [sha256(ca.der)], 'localhost');
    expect(error?.code).toBe('ERR_WEBTRANSPORT_CERTIFICATE_HASH');
  });

  it('is valid for two weeks at most', async () => {
    const notBefore = new Date(Math.floor(Date.now() / SECOND_MS) * SECOND_MS - DAY_MS);
    const longer = new Date(+notBefore + 14 * DAY_MS + SECOND_MS);
    expect(verdict((await short({ notBefore, notAfter: longer })).der)).toBe('ERR_WEBTRANSPORT_CERTIFICATE_LIFETIME');
    const exactly = new Date(+notBefore + 14 * DAY_MS);
    expect(verdict((await short({ notBefore, notAfter: exactly })).der)).toBeUndefined();
  });

  it('is valid now', async () => {
    const now = Date.now();
    const expired = await short({ notBefore: new Date(now - 2 * DAY_MS), notAfter: new Date(now - DAY_MS) });
    expect(verdict(expired.der)).toBe('CERT_HAS_EXPIRED');
    const early = await short({ notBefore: new Date(now + DAY_MS), notAfter: new Date(now + 2 * DAY_MS) });
    expect(verdict(early.der)).toBe('CERT_NOT_YET_VALID');
  });

  it('has no RSA key', async () => {
    expect(verdict((await short({ keyType: 'rsa' })).der)).toBe('ERR_WEBTRANSPORT_CERTIFICATE_KEY');
  });

  it('is X.509v3', async () => {
    const { der } = await short();
    const version2 = Buffer.from(der.toString('hex').replace('a003020102', 'a003020101'), 'hex');
    expect(verdict(version2)).toBe('ERR_WEBTRANSPORT_CERTIFICATE_VERSION');
  });

  it.each([
    ['no chain', undefined],
    ['an empty chain', []],
    ['bytes that are no certificate', [Buffer.from('3003020100', 'hex')]],
  ])('cannot be %s', (_, chain) => {
    expect(verifyCertificateHash(chain, [], 'localhost').error?.code).toBe('UNABLE_TO_GET_ISSUER_CERT');
  });
});
