import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';
import { makeCa, makeCert } from '../support/certs.js';
import { collectGarbage } from '../support/memory.js';
import { openCredential, openEngine } from './raw-server.js';

const { ServerCredential: Credential } = loadServerAddon();
const ca = await makeCa();
const ec = await makeCert({ ca, hosts: ['ec.example.test'] });
const rsa = await makeCert({ ca, hosts: ['rsa.example.test'], keyType: 'rsa' });
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });

function pkcs8(certificate: typeof ec): Buffer {
  return certificate.key.export({ type: 'pkcs8', format: 'der' });
}

test.each([
  ['EC', ec],
  ['RSA', rsa],
])('a credential with an %s key and a chain', (keyType, certificate) => {
  const credential = new Credential([certificate.der, ca.der], pkcs8(certificate));
  expect(credential.keyType).toBe(keyType);
  expect(loadAddon().counters().credentials).toBe(1);
  credential.destroy();
  expect(loadAddon().counters().credentials).toBe(0);
});

test.each<[string, string, readonly Uint8Array[], Uint8Array]>([
  ['no certificate', 'ERR_TLS_CERT_INVALID', [], pkcs8(ec)],
  ['a leaf that is none', 'ERR_TLS_CERT_INVALID', [Buffer.from('certificate')], pkcs8(ec)],
  ['an intermediate that is none', 'ERR_TLS_CERT_INVALID', [ec.der, Buffer.alloc(0)], pkcs8(ec)],
  ['a key that is none', 'ERR_TLS_KEY_INVALID', [ec.der], Buffer.from('key')],
  ['an empty key', 'ERR_TLS_KEY_INVALID', [ec.der], Buffer.alloc(0)],
  ['a key that NSS cannot sign with', 'ERR_TLS_KEY_UNSUPPORTED', [ec.der], ed25519],
  ['the key of another certificate', 'ERR_TLS_KEY_MISMATCH', [ec.der], pkcs8(ca)],
  ['a key of another kind', 'ERR_TLS_KEY_MISMATCH', [ec.der], pkcs8(rsa)],
])('is refused: %s', (_name, code, chain, key) => {
  expect(() => new Credential(chain, key)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(/./) }),
  );
  expect(loadAddon().counters().credentials).toBe(0);
});

test.each<[string, unknown[]]>([
  ['no arguments', []],
  ['a chain that is no array', [ec.der, pkcs8(ec)]],
  ['a chain of PEM', [[ec.certPem], pkcs8(ec)]],
  ['a key in PEM', [[ec.der], ec.keyPem]],
])('throws a TypeError: %s', (_name, args) => {
  expect(() => Reflect.construct(Credential, args)).toThrow(TypeError);
});

describe('a credential of a server', () => {
  test('may be destroyed: the server keeps the key', () => {
    const engine = openEngine();
    const credential = openCredential(ec);
    engine.setCredential('ec.example.test', credential);
    engine.setCredential('', credential);
    credential.destroy();
    credential.destroy();
    engine.setCredential('', undefined);
    for (const use of [() => credential.keyType, () => engine.setCredential('', credential)]) {
      expect(use).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_NEQO_DESTROYED' }));
    }
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['an object of another kind', {}],
    ["a server's constructor", loadServerAddon().NeqoHttp3Server],
    ['an object that inherits from one', Object.create(Credential.prototype)],
  ])('is no credential: %s', (_name, value) => {
    const engine = openEngine();
    expect(() => Reflect.apply(engine.setCredential, engine, ['', value])).toThrow(TypeError);
    expect(() => Reflect.apply(engine.provideCredential, engine, [0, value])).toThrow(TypeError);
    expect(() => Reflect.apply(engine.setCredential, engine, ['', engine])).toThrow(TypeError);
  });
});

test('1,000 credentials that nobody destroys are collected', async () => {
  for (let count = 0; count < 1000; count += 1) new Credential([ec.der], pkcs8(ec));
  await expect
    .poll(async () => {
      await collectGarbage();
      return loadAddon().counters().credentials;
    })
    .toBe(0);
});
