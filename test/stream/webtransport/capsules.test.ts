import { describe, expect, it } from 'vitest';
import { WebTransportSessionError } from '../../../src/errors.js';
import { CapsuleParser, encodeClose, encodeDrain } from '../../../src/stream/webtransport/capsules.js';
import { decodeVarint, encodeVarint } from '../../../src/stream/webtransport/varint.js';
import { createRandom } from '../../support/random.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What a parser makes of the pieces, and of the stream's end. */
function parse(pieces: readonly Uint8Array[], fin = true, flowControlled = false): string[] {
  const told: string[] = [];
  const parser = new CapsuleParser({
    onClose: (code, reason) => told.push(`close ${code} ${reason}`),
    onDrain: () => told.push('drain'),
    onDatagram: (bytes) => told.push(`datagram ${bytes.toString('hex')}`),
    flowControlled,
    onFlowControl: (type, value) => told.push(`flow ${type.toString(16)} ${value}`),
  });
  try {
    for (const piece of pieces) parser.push(piece);
    if (fin) parser.end();
  } catch (error) {
    if (!(error instanceof WebTransportSessionError)) throw error;
    told.push(`error ${error.errorName}`);
  }
  return told;
}

const bytewise = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));
const closeHead = (length: number): Buffer => Buffer.concat([encodeVarint(0x2843), encodeVarint(length)]);

describe('every form, whole and byte by byte', () => {
  const BYE = '6843 07 00000005 627965';
  const table: [what: string, bytes: Buffer, told: string[]][] = [
    ['nothing', hex(''), []],
    ['CLOSE', hex(BYE), ['close 5 bye']],
    ['CLOSE with the largest code and no reason', hex('6843 04 ffffffff'), ['close 4294967295 ']],
    ['lengths in more bytes than needed', hex(`c000000000002843 c000000000000007 00000005 627965`), ['close 5 bye']],
    ['DRAIN, CLOSE', hex(`800078ae 00 ${BYE}`), ['drain', 'close 5 bye']],
    ['a datagram', hex('00 03 010203'), ['datagram 010203']],
    ['an empty datagram', hex('00 00'), ['datagram ']],
    ['flow control capsules, which are off', hex(`990b4d3d 01 05 990b4d3f 01 05 990b4d41 00 ${BYE}`), ['close 5 bye']],
    [
      'unknown capsules of any length',
      Buffer.concat([hex('17 8000ffff'), Buffer.alloc(0xffff), hex(BYE)]),
      ['close 5 bye'],
    ],
    [
      'a datagram that is too large for any',
      Buffer.concat([hex('00 80010000'), Buffer.alloc(0x10000), hex('00 00')]),
      ['datagram '],
    ],
    [
      'the largest reason',
      Buffer.concat([closeHead(1028), hex('00000001'), Buffer.alloc(1024, 'x')]),
      [`close 1 ${'x'.repeat(1024)}`],
    ],
    ['a reason that begins with a byte order mark', hex('6843 07 00000000 efbbbf'), ['close 0 \ufeff']],
    ['a reason that is too large', closeHead(1029), ['error H3_MESSAGE_ERROR']],
    ['a CLOSE of 2^62 - 1 bytes', hex('6843 ffffffffffffffff'), ['error H3_MESSAGE_ERROR']],
    ['a CLOSE without a code', hex('6843 03 000000'), ['error H3_MESSAGE_ERROR']],
    ['a reason that is not UTF-8', hex('6843 05 00000000 ff'), ['error H3_MESSAGE_ERROR']],
    ['half a character', hex('6843 05 00000000 c3'), ['error H3_MESSAGE_ERROR']],
    ['a DRAIN with something in it', hex('800078ae 01 00'), ['error H3_MESSAGE_ERROR']],
    ['a byte after CLOSE', hex(`${BYE} 00`), ['close 5 bye', 'error H3_MESSAGE_ERROR']],
    ['CLOSE twice', hex(`${BYE} ${BYE}`), ['close 5 bye', 'error H3_MESSAGE_ERROR']],
    ['capsules that only HTTP/2 has', hex('990b4d3e 02 0001'), ['error H3_MESSAGE_ERROR']],
    ['an end in the type', hex('68'), ['error H3_MESSAGE_ERROR']],
    ['an end after the type', hex('6843'), ['error H3_MESSAGE_ERROR']],
    ['an end in the payload', hex('6843 07 00000005 6279'), ['error H3_MESSAGE_ERROR']],
    ['an end in an unknown capsule', hex('17 02 00'), ['error H3_MESSAGE_ERROR']],
  ];

  it.each(table)('%s', (_, bytes, told) => {
    expect(parse([bytes])).toEqual(told);
    expect(parse(bytewise(bytes))).toEqual(told);
  });
});

it('skips a capsule however long, and holds none of it', () => {
  const piece = Buffer.alloc(1 << 20);
  const pieces = [hex('17 c000000040000000'), ...Array<Buffer>(1024).fill(piece), encodeDrain()];
  expect(parse(pieces)).toEqual(['drain']);
});

it('encodes what browsers send', () => {
  expect(encodeClose(5, 'bye').toString('hex')).toBe('68430700000005627965');
  expect(encodeDrain().toString('hex')).toBe('800078ae00');
});

it('cuts a reason at a character boundary', () => {
  const cut = (reason: string): string => parse([encodeClose(1, reason)])[0] ?? '';
  expect(cut('x'.repeat(2000))).toBe(`close 1 ${'x'.repeat(1024)}`);
  expect(cut(`${'x'.repeat(1023)}é`)).toBe(`close 1 ${'x'.repeat(1023)}`);
  expect(cut('😀'.repeat(300))).toBe(`close 1 ${'😀'.repeat(256)}`);
  expect(cut('a\ud800b')).toBe('close 1 a\ufffdb');
});

it('reads what it writes: integers of all sizes', () => {
  for (const value of [0, 63, 64, 16383, 16384, 2 ** 30 - 1, 2 ** 30, 2 ** 32 - 1]) {
    expect(decodeVarint(encodeVarint(value))).toBe(value);
  }
});

it('makes the same of random bytes whatever the pieces, and fails only as a session does', () => {
  const random = createRandom(0xca95);
  const below = (limit: number): number => Math.floor(random() * limit);
  const known = [hex('6843'), hex('800078ae'), hex('00'), hex('990b4d3d'), hex('17')];
  for (let round = 0; round < 3000; round++) {
    const parts: Uint8Array[] = [];
    for (let i = below(6); i >= 0; i--) {
      parts.push(
        known[below(known.length + 2)] ?? Buffer.from([below(256)]),
        Uint8Array.from({ length: below(12) }, () => below(random() < 0.5 ? 8 : 256)),
      );
    }
    const bytes = Buffer.concat(parts);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + below(5);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    expect(parse(pieces)).toEqual(parse([bytes]));
  }
});
