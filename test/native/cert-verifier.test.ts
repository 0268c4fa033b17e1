import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type CertVerifier, loadAddon } from '../../src/native.js';
import { makeCa, makeCert } from '../support/certs.js';
import { createRandom } from '../support/random.js';

const { CertVerifier: Verifier, counters } = loadAddon();
const HOST = 'www.example.test';
const NOW = Math.floor(Date.now() / 1000);
const DAY = 24 * 60 * 60;
const root = await makeCa();
const intermediate = await makeCa({ ca: root });
const leaf = await makeCert({ ca: intermediate, hosts: [HOST], ips: ['127.0.0.1', '::1'] });
const chain = [leaf.der, intermediate.der];

/** Result name and PRErrorCode. */
function verify(
  verifier: CertVerifier,
  certificates: readonly Uint8Array[],
  host = HOST,
  time = NOW,
): Promise<[string, number]> {
  return new Promise((resolve) => {
    verifier.verify(certificates, host, time, (...outcome) => resolve(outcome));
  });
}

describe('CertVerifier', () => {
  const verifier = new Verifier([root.der]);

  test.each([HOST, '127.0.0.1', '::1', 'WWW.EXAMPLE.TEST'])('verifies a chain for %s', async (host) => {
    expect(await verify(verifier, chain, host)).toEqual(['Success', 0]);
  });

  test.each<[string, readonly Uint8Array[], string, number]>([
    ['ERROR_BAD_CERT_DOMAIN', chain, 'other.test', NOW],
    ['ERROR_BAD_CERT_DOMAIN', chain, '127.0.0.2', NOW],
    ['ERROR_EXPIRED_ISSUER_CERTIFICATE', chain, HOST, NOW + 60 * DAY],
    ['ERROR_NOT_YET_VALID_ISSUER_CERTIFICATE', chain, HOST, NOW - 60 * DAY],
    ['ERROR_UNKNOWN_ISSUER', [leaf.der], HOST, NOW],
    ['ERROR_BAD_DER', [], HOST, NOW],
    ['ERROR_BAD_DER', [Buffer.alloc(0)], HOST, NOW],
    ['ERROR_BAD_DER', [Buffer.from('certificate')], HOST, NOW],
    ['ERROR_BAD_DER', [leaf.der.subarray(0, -1)], HOST, NOW],
  ])('says %s', async (name, certificates, host, time) => {
    const [result, prErrorCode] = await verify(verifier, certificates, host, time);
    expect(result).toBe(name);
    expect(prErrorCode).toBeLessThan(0);
  });

  test('counts the anchors that can be parsed, each once', () => {
    expect(new Verifier([]).anchorCount).toBe(0);
    expect(new Verifier([root.der, root.der, Buffer.from('x'), intermediate.der]).anchorCount).toBe(2);
  });

  test('without anchors nothing is trusted', async () => {
    expect((await verify(new Verifier([]), chain))[0]).toBe('ERROR_UNKNOWN_ISSUER');
  });

  test('copies what it is given: anchors and chain may be overwritten at once', async () => {
    const anchor = Buffer.from(root.der);
    const copies = chain.map((der) => Buffer.from(der));
    const copying = new Verifier([anchor]);
    anchor.fill(0);
    const outcome = verify(copying, copies);
    for (const copy of copies) copy.fill(0);
    expect(await outcome).toEqual(['Success', 0]);
  });

  test('calls back in a later turn, off the thread of the event loop', async () => {
    let called = false;
    const outcome = verify(verifier, chain).then(() => {
      called = true;
    });
    expect(counters().verifications).toBeGreaterThan(0);
    expect(called).toBe(false);
    await outcome;
    await expect.poll(() => counters().verifications).toBe(0);
  });

  test('1,000 verifications at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, number) => verify(verifier, chain, number % 2 === 0 ? HOST : 'other.test')),
    );
    expect(outcomes.filter(([result]) => result === 'Success')).toHaveLength(500);
    expect(outcomes.filter(([result]) => result === 'ERROR_BAD_CERT_DOMAIN')).toHaveLength(500);
  });

  test('a superfluous, a repeated and a disordered chain', async () => {
    const stranger = await makeCa({ commonName: 'Stranger' });
    const messy = [leaf.der, stranger.der, root.der, Buffer.from('garbage'), intermediate.der, intermediate.der];
    expect(await verify(verifier, messy)).toEqual(['Success', 0]);
  });

  test('a chain of 1,000 CAs of one name ends, with an error', async () => {
    const same = await Promise.all(Array.from({ length: 40 }, () => makeCa({ commonName: 'Same' })));
    const target = await makeCert({ ca: same[0] ?? root, hosts: [HOST] });
    const many = Array.from({ length: 1000 }, (_, number) => same[number % same.length]?.der ?? root.der);
    expect((await verify(verifier, [target.der, ...many]))[0]).not.toBe('Success');
  });

  // The signature covers what matters, so no mutation of the leaf may pass. Mutants that never reach the signature check are
  // the point: they reach the parser.
  test('5,000 mutated certificates (seed 1)', async () => {
    const random = createRandom(1);
    const below = (limit: number): number => Math.floor(random() * limit);
    const outcomes = await Promise.all(
      Array.from({ length: 5000 }, () => {
        const mutant = Buffer.from(leaf.der);
        const at = below(mutant.length);
        mutant.writeUInt8(mutant.readUInt8(at) ^ (1 + below(255)), at);
        return verify(verifier, [mutant, intermediate.der]);
      }),
    );
    expect(outcomes.filter(([result]) => result === 'Success')).toEqual([]);
  });

  test.each<[string, unknown[]]>([
    ['no arguments', []],
    ['a chain of strings', [['x'], HOST, NOW, () => undefined]],
    ['a host that is no string', [chain, 1, NOW, () => undefined]],
    ['a time that is no number', [chain, HOST, 'now', () => undefined]],
    ['no callback', [chain, HOST, NOW]],
  ])('throws a TypeError: %s', (_name, args) => {
    expect(() => Reflect.apply(verifier.verify, verifier, args)).toThrow(TypeError);
  });

  test('may be collected while it verifies', async () => {
    const outcome = verify(new Verifier([root.der]), chain);
    await nextTurn();
    expect(await outcome).toEqual(['Success', 0]);
  });
});
