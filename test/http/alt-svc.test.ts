import { describe, expect, test } from 'vitest';
import { type AltSvcEntry, parseAltSvc } from '../../src/http/alt-svc.js';
import { createRandom } from '../support/random.js';

const DAY = 86_400;
const entry = (port: number, more: Partial<AltSvcEntry> = {}): AltSvcEntry => ({
  protocol: 'h3',
  host: '',
  port,
  maxAge: DAY,
  persist: false,
  ...more,
});

describe('an Alt-Svc field (RFC 7838 3)', () => {
  test.each<[string, readonly AltSvcEntry[]]>([
    ['h3=":443"', [entry(443)]],
    ['h3=":443"; ma=60', [entry(443, { maxAge: 60 })]],
    ['h3=":443";ma="60" ;\tpersist=1', [entry(443, { maxAge: 60, persist: true })]],
    ['h3=":443"; MA=60', [entry(443, { maxAge: 60 })]],
    ['h3=":443"; persist=0, h3=":444"; persist=true', [entry(443), entry(444)]],
    ['h3=":443"; ma=99999999999999999999', [entry(443, { maxAge: 2 ** 31 })]],
    ['h3=":443"; ma=0', [entry(443, { maxAge: 0 })]],
    ['h3=":443"; v="46,43"; ma=5', [entry(443, { maxAge: 5 })]],
    ['h3="Alt.Example.COM:8443"', [entry(8443, { host: 'alt.example.com' })]],
    ['h3="alt.example.com.:8443"', [entry(8443, { host: 'alt.example.com' })]],
    ['h3="192.0.2.1:1"', [entry(1, { host: '192.0.2.1' })]],
    ['h3="[2001:DB8::1]:443"', [entry(443, { host: '2001:db8::1' })]],
    ['h3="\\:4\\43"', [entry(443)]],
    [
      'h2="alt:1", h3=":2", , h3-29=":3"',
      [entry(1, { protocol: 'h2', host: 'alt' }), entry(2), entry(3, { protocol: 'h3-29' })],
    ],
    ['w%3Dx%3Ay#z=":1"', [entry(1, { protocol: 'w=x:y#z' })]],
    ['%68%33=":1"', [entry(1)]],
    ['x%25y=":1"', [entry(1, { protocol: 'x%y' })]],
  ])('%s', (value, expected) => {
    expect(parseAltSvc(value)).toEqual(expected);
  });

  test.each(['clear', ' clear\t'])("'%s' forgets all", (value) => {
    expect(parseAltSvc(value)).toBe('clear');
  });

  // The member behind it shows where reading goes on.
  test.each([
    'h3=:443',
    'h3="443"',
    'h3=":0"',
    'h3=":65536"',
    'h3=":123456"',
    'h3=":-1"',
    'h3=":443" extra',
    'h3=":443"; ma=abc',
    'h3=":443"; ma=-1',
    'h3=":443"; ma=1.5',
    'h3=":443"; ma',
    'h3=":443"; ma=',
    'h3=":443"; =1',
    'h3=":443";',
    'h3 =":443"',
    'h3= ":443"',
    '="x:443"',
    'h3',
    'Clear',
    'clear',
    'h%3=":443"',
    'h%zz=":443"',
    'h3="[::1:443"',
    'h3="[nonsense]:443"',
    'h3="::1:443"',
    'h3="user@host:443"',
    'h3="host/path:443"',
    'h3="ho st:443"',
    'h3=".host:443"',
    'h3="a..b:443"',
    `h3="${'a'.repeat(254)}:443"`,
    'h3="a,b:443"',
    '\u0000',
  ])('%j: the member is left out, those behind it are not', (member) => {
    expect(parseAltSvc(`${member}, h3=":7"`)).toEqual([entry(7)]);
  });

  test('a quoted string that does not end takes the rest with it', () => {
    expect(parseAltSvc('h3=":1", h3=":2, h3=":3')).toEqual([entry(1)]);
    expect(parseAltSvc('h3=":1", h3=":2\\')).toEqual([entry(1)]);
  });

  test('is bounded: 32 members, 8,192 characters', () => {
    expect(parseAltSvc(Array(100).fill('h3=":1"').join(','))).toHaveLength(32);
    expect(parseAltSvc(`h3=":1"; x=${'y'.repeat(8_192)}`)).toEqual([]);
  });

  test('garbage never throws, and what comes out of it is usable', () => {
    const random = createRandom(7838);
    const pieces = [
      'h3',
      '=',
      '"',
      ':443',
      ':',
      ';',
      ',',
      'ma',
      '=1',
      '\\',
      '%41',
      '%',
      '[',
      ']',
      ' ',
      'clear',
      'é',
      '\0',
    ];
    for (let round = 0; round < 20_000; round += 1) {
      const length = Math.floor(random() * 20);
      const value = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('');
      const entries = parseAltSvc(value);
      for (const { port, maxAge, protocol } of entries === 'clear' ? [] : entries) {
        expect(port > 0 && port < 65_536 && maxAge >= 0 && protocol !== '', value).toBe(true);
      }
    }
  });
});
