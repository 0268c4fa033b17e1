import { describe, expect, it } from 'vitest';
import { type Address, interleave, resolveAddresses } from '../../src/http/address-order.js';
import type { LookupFunction } from '../../src/http/connection-options.js';

const address = (text: string): Address => ({ address: text, family: text.includes(':') ? 6 : 4 });
const lookupOf =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) =>
    callback(null, addresses.map(address));

describe('the order of addresses (RFC 8305 4)', () => {
  it('takes families in turn, beginning with the family of the first', () => {
    const sorted = interleave(['::1', '::2', '::3', '1.1.1.1', '2.2.2.2'].map(address));
    expect(sorted.map((entry) => entry.address)).toEqual(['::1', '1.1.1.1', '::2', '2.2.2.2', '::3']);
    const other = interleave(['1.1.1.1', '::1', '::2'].map(address));
    expect(other.map((entry) => entry.address)).toEqual(['1.1.1.1', '::1', '::2']);
  });

  it('does not look up a literal', async () => {
    const lookup: LookupFunction = () => {
      throw new Error('looked up');
    };
    expect(await resolveAddresses('::1', 0, lookup)).toEqual([{ address: '::1', family: 6 }]);
    expect(await resolveAddresses('127.0.0.1', 0, lookup)).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });

  it('keeps to the wanted family though the resolver does not', async () => {
    expect(await resolveAddresses('host', 4, lookupOf('::1', '127.0.0.1'))).toEqual([
      { address: '127.0.0.1', family: 4 },
    ]);
  });

  it("gives the resolver's code", async () => {
    const failing: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('again'), { code: 'EAI_AGAIN' }), []);
    await expect(resolveAddresses('host', 0, failing)).rejects.toMatchObject({ code: 'EAI_AGAIN', safeToRetry: true });
  });

  it('says so when the resolver gives nothing that can be used', async () => {
    await expect(resolveAddresses('host', 0, lookupOf())).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolveAddresses('host', 0, lookupOf('not-an-address'))).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolveAddresses('host', 6, lookupOf('127.0.0.1'))).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
