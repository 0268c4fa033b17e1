import { expect, it } from 'vitest';
import { applicationToHttp3Code, http3ToApplicationCode } from '../../../src/stream/webtransport/error-codes.js';

it.each([
  [0, 0x52e4a40fa8db],
  [7, 0x52e4a40fa8e2],
  [29, 0x52e4a40fa8db + 29],
  [30, 0x52e4a40fa8db + 31],
  [255, 0x52e4a40fa8db + 255 + 8],
  [0xffff_ffff, 0x52e5ac983162],
])('application code %d is HTTP/3 code %d, and back', (code, wire) => {
  expect(applicationToHttp3Code(code)).toBe(wire);
  expect(http3ToApplicationCode(wire)).toBe(code);
});

it('gives no application code for codes outside the range', () => {
  for (const code of [0, 0x10c, 0x170d7b68, 0x52e4a40fa8da, 0x52e5ac983163, 2 ** 53]) {
    expect(http3ToApplicationCode(code)).toBeUndefined();
  }
});

it('gives no application code for reserved codes', () => {
  let reserved = 0;
  for (let code = 0x52e4a40fa8db; code < 0x52e4a40fa8db + 31 * 100; code++) {
    const back = http3ToApplicationCode(code);
    if ((code - 0x21) % 0x1f === 0) {
      expect(back).toBeUndefined();
      reserved += 1;
    } else expect(applicationToHttp3Code(back ?? -1)).toBe(code);
  }
  expect(reserved).toBe(100);
});

it('maps every code of a run onto itself', () => {
  for (let code = 0xffff_ff00; code <= 0xffff_ffff; code++) {
    expect(http3ToApplicationCode(applicationToHttp3Code(code))).toBe(code);
  }
});
