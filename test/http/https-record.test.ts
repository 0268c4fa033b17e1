import { describe, expect, test } from 'vitest';
import { isUsable, parseHttpsRecordData } from '../../src/http/https-record.js';
import { createRandom } from '../support/random.js';

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
const name = (...labels: string[]): number[] => [...labels.flatMap((label) => [label.length, ...ascii(label)]), 0];
const parameter = (key: number, ...value: number[]): number[] => [...u16(key), ...u16(value.length), ...value];
const alpn = (...protocols: string[]): number[] =>
  parameter(1, ...protocols.flatMap((protocol) => [protocol.length, ...ascii(protocol)]));
const record = (...parts: number[][]): Uint8Array => Uint8Array.from(parts.flat());
const service = (...parameters: number[][]): Uint8Array => record(u16(1), name('svc', 'example'), ...parameters);

describe('the data of an HTTPS record (RFC 9460 2.2)', () => {
  test('of an alias; its parameters are ignored', () => {
    const expected = { priority: 0, target: 'foo.example.com' };
    expect(parseHttpsRecordData(record(u16(0), name('foo', 'Example', 'com')))).toEqual(expected);
    expect(parseHttpsRecordData(record(u16(0), name('foo', 'example', 'com'), [1, 2, 3]))).toEqual(expected);
  });

  // The test vectors of RFC 9460 D.2 and D.3.
  test.each<[string, Uint8Array, object]>([
    ['the owner as target', record(u16(1), [0]), { priority: 1, target: '.' }],
    [
      'a port',
      record(u16(16), name('foo', 'example', 'com'), parameter(3, 0, 53)),
      { priority: 16, target: 'foo.example.com', port: 53 },
    ],
    [
      'a key that is not known',
      record(u16(1), name('foo', 'example', 'com'), parameter(667, ...ascii('hello'))),
      { priority: 1, target: 'foo.example.com' },
    ],
    [
      'IPv6 addresses',
      service(
        parameter(
          6,
          0x20,
          1,
          0x0d,
          0xb8,
          ...Array(11).fill(0),
          1,
          0x20,
          1,
          0x0d,
          0xb8,
          ...Array(9).fill(0),
          0x53,
          0,
          1,
        ),
      ),
      { priority: 1, target: 'svc.example', ipv6hint: ['2001:db8::1', '2001:db8::53:1'] },
    ],
    [
      'mandatory keys',
      record(
        u16(16),
        name('foo', 'example', 'org'),
        parameter(0, 0, 1, 0, 4),
        alpn('h2', 'h3-19'),
        parameter(4, 192, 0, 2, 1),
      ),
      { priority: 16, target: 'foo.example.org', mandatory: [1, 4], alpn: ['h2', 'h3-19'], ipv4hint: ['192.0.2.1'] },
    ],
    [
      'protocol ids with any bytes',
      record(u16(16), name('foo', 'example', 'org'), alpn('f\\oo,bar', 'h2')),
      { priority: 16, target: 'foo.example.org', alpn: ['f\\oo,bar', 'h2'] },
    ],
    [
      'no-default-alpn and ech',
      service(alpn('h3'), parameter(2), parameter(5, 0, 2, 0xfe, 0x0d)),
      { priority: 1, target: 'svc.example', alpn: ['h3'], noDefaultAlpn: true, ech: Uint8Array.of(0, 2, 0xfe, 0x0d) },
    ],
    ['a name with other bytes', record(u16(1), name('a.b', '_x', 'é')), { priority: 1, target: 'a\\046b._x.\\233' }],
  ])('%s', (_name, rdata, expected) => {
    expect(parseHttpsRecordData(rdata)).toEqual(expected);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', record()],
    ['half a priority', record([0])],
    ['no target', record(u16(1))],
    ['a target that does not end', record(u16(1), [3, 97, 98, 99])],
    ['a compressed target', record(u16(1), [0xc0, 12])],
    ['a target of 256 bytes', record(u16(1), name(...Array(4).fill('a'.repeat(63))))],
    ['half a key', service([0])],
    ['no length', service(u16(1))],
    ['a value that ends too early', service(u16(1), u16(9), [2, 104, 51])],
    ['a key twice', service(alpn('h3'), alpn('h3'))],
    ['keys out of order', service(parameter(3, 1, 187), alpn('h3'))],
    ['an empty alpn', service(parameter(1))],
    ['an empty protocol id', service(parameter(1, 0))],
    ['a protocol id that ends too early', service(parameter(1, 3, 104, 51))],
    ['no-default-alpn with a value', service(alpn('h3'), parameter(2, 1))],
    ['no-default-alpn without alpn', service(parameter(2))],
    ['a port of one byte', service(parameter(3, 1))],
    ['a port of three bytes', service(parameter(3, 1, 2, 3))],
    ['no IPv4 address', service(parameter(4))],
    ['half an IPv4 address', service(parameter(4, 1, 2, 3, 4, 5))],
    ['no IPv6 address', service(parameter(6))],
    ['half an IPv6 address', service(parameter(6, 1, 2, 3))],
    ['an empty ech', service(parameter(5))],
    ['an ech with a wrong length', service(parameter(5, 0, 9, 1))],
    ['an empty mandatory', service(parameter(0), alpn('h3'))],
    ['half a mandatory key', service(parameter(0, 0), alpn('h3'))],
    ['mandatory that names itself', service(parameter(0, 0, 0), alpn('h3'))],
    ['mandatory keys out of order', service(parameter(0, 0, 3, 0, 1), alpn('h3'), parameter(3, 1, 187))],
    ['a mandatory key twice', service(parameter(0, 0, 1, 0, 1), alpn('h3'))],
    ['a mandatory key that is missing', service(parameter(0, 0, 3), alpn('h3'))],
  ])('%s: malformed', (_name, rdata) => {
    expect(() => parseHttpsRecordData(rdata)).toThrow(SyntaxError);
  });

  test('cut anywhere or changed anywhere: read, or a SyntaxError', () => {
    const whole = service(
      parameter(0, 0, 1),
      alpn('h2', 'h3'),
      parameter(3, 1, 187),
      parameter(4, 1, 2, 3, 4),
      parameter(5, 0, 1, 9),
    );
    const random = createRandom(9460);
    for (let round = 0; round < 20_000; round += 1) {
      const changed = whole.slice(0, Math.ceil(random() * whole.length));
      changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
      try {
        parseHttpsRecordData(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }
  });
});

test('a record that demands what is not known is not usable', () => {
  expect(isUsable({ priority: 1, target: '.', mandatory: [1, 3, 6] })).toBe(true);
  expect(isUsable({ priority: 1, target: '.', mandatory: [1, 7] })).toBe(false);
});
