import { describe, expect, it } from 'vitest';
import { interimSection, responseSection, trailerSection } from '../../../src/server/response-section.js';

describe('a header object', () => {
  it.each([
    ['null', null],
    ['a list', ['x-name', 'value']],
    ['text', 'x-name: value'],
  ])('is not %s', (_, headers) => {
    const given = headers as unknown as Record<string, string>;
    for (const section of [
      () => responseSection(given, false),
      () => interimSection(given),
      () => trailerSection(given),
    ]) {
      expect(section).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }));
    }
  });

  it('has several values under names that differ in case', () => {
    const { text, sent } = responseSection({ 'X-Name': 'a', 'x-name': ['b', 'c'] }, false);
    expect(text.replaceAll('\0', ' ')).toBe(':status 200 x-name a x-name b x-name c ');
    expect(sent).toEqual({ ':status': 200, 'x-name': ['a', 'b', 'c'] });
  });

  it('has one content-length', () => {
    expect(() => responseSection({ 'Content-Length': '5', 'content-length': '6' }, false)).toThrow(/content-length/);
  });
});
