import { describe, expect, it } from 'vitest';
import { parseProtocols, serializeProtocol } from '../../../src/webtransport/subprotocol-fields.js';

describe('WT-Available-Protocols', () => {
  it.each<[string, string[]]>([
    ['"a"', ['a']],
    [' "a", "b2" ,\t"c"  ', ['a', 'b2', 'c']],
    ['"a";q=0.5;x;y="z";t=tok/en;b=:AQI=:;n=?1;d=@1659578233, "b"', ['a', 'b']],
    ['"with, comma", "quote\\" and \\\\"', ['with, comma', 'quote" and \\']],
    ['""', ['']],
  ])('%s is read', (value, protocols) => {
    expect(parseProtocols(value)).toEqual(protocols);
  });

  it.each([
    '',
    'a, b',
    '"a", b',
    '"a",',
    ',"a"',
    '"a" "b"',
    '"a"; ,"b"',
    '("a" "b")',
    '"unended',
    '"bad \\escape"',
    '"caf\u00e9"',
    '"tab\there"',
    '1',
  ])('%s is ignored as a whole', (value) => {
    expect(parseProtocols(value)).toEqual([]);
  });

  it('is ignored if it is missing', () => {
    expect(parseProtocols(undefined)).toEqual([]);
  });

  it('takes time in proportion to its length only', () => {
    // A pattern that backtracks would not come to an end.
    expect(parseProtocols(`"a"${';a'.repeat(50_000)}!`)).toEqual([]);
    expect(parseProtocols(`${'"'.repeat(50_000)}`)).toEqual([]);
  });
});

it.each(['a', '', 'with "quotes" and \\ back-slashes', 'a, b; c=1'])('WT-Protocol of %j says just that', (protocol) => {
  expect(parseProtocols(serializeProtocol(protocol))).toEqual([protocol]);
});
