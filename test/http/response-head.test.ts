import { describe, expect, it } from 'vitest';
import { HeadersOverflowError, MessageError } from '../../src/errors.js';
import { parseResponseHeaders, parseTrailers } from '../../src/http/response-head.js';

const LIMIT = 65_536;

describe('parseResponseHeaders', () => {
  it('gives status, fields and content-length', () => {
    const head = parseResponseHeaders([':status', '200', 'content-length', '5', 'x', ' padded\t'], LIMIT);
    expect(head).toEqual({ status: 200, headers: ['content-length', '5', 'x', 'padded'], contentLength: 5 });
  });

  it('takes equal content-lengths for one (RFC 9110 8.6)', () => {
    expect(
      parseResponseHeaders([':status', '200', 'content-length', '5, 5', 'content-length', '5'], LIMIT).contentLength,
    ).toBe(5);
  });

  it.each<[string, string[]]>([
    ['no :status', ['a', 'b']],
    [':status twice', [':status', '200', ':status', '200']],
    [':status after fields', ['a', 'b', ':status', '200']],
    ['a :status that is no number', [':status', '2xx']],
    ['a :status below 100', [':status', '099']],
    [':status 101', [':status', '101']],
    ['an unknown pseudo-header', [':status', '200', ':path', '/']],
    ['an upper-case name', [':status', '200', 'Server', 'x']],
    ['a name with a space', [':status', '200', 'a b', 'x']],
    ['an empty name', [':status', '200', '', 'x']],
    ['a control character', [':status', '200', 'a', 'x\u0001']],
    ['a line break', [':status', '200', 'a', 'x\r\nb: c']],
    ['a connection-specific field', [':status', '200', 'connection', 'close']],
    ['content-lengths that differ', [':status', '200', 'content-length', '5', 'content-length', '6']],
    ['a content-length that is none', [':status', '200', 'content-length', '-1']],
    ['an empty content-length', [':status', '200', 'content-length', '']],
  ])('refuses %s as malformed', (_what, fields) => {
    expect(() => parseResponseHeaders(fields, LIMIT)).toThrow(MessageError);
  });

  it('refuses a section larger than the limit, counted as RFC 9114 4.2.2 does', () => {
    const fields = [':status', '200', 'a', 'x'.repeat(100)];
    const size = ':status200a'.length + 100 + 2 * 32;
    expect(parseResponseHeaders(fields, size).status).toBe(200);
    expect(() => parseResponseHeaders(fields, size - 1)).toThrow(HeadersOverflowError);
  });
});

describe('parseTrailers', () => {
  it('gives the fields', () => {
    expect(parseTrailers(['grpc-status', '0'], LIMIT)).toEqual(['grpc-status', '0']);
  });

  it('refuses a pseudo-header (RFC 9114 4.3)', () => {
    expect(() => parseTrailers([':status', '200'], LIMIT)).toThrow(MessageError);
  });
});
