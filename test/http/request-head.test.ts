import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/errors.js';
import { parseOrigin } from '../../src/http/origin.js';
import { type OutgoingHeaders, parseRequestHeaders } from '../../src/http/request-head.js';

const origin = parseOrigin('https://example.org:8443/ignored?also');
const parse = (headers: OutgoingHeaders) => parseRequestHeaders(origin, headers);

describe('parseOrigin', () => {
  it.each([
    ['https://EXAMPLE.org/x', 'example.org', 443, 'example.org'],
    ['https://example.org:8443', 'example.org', 8443, 'example.org:8443'],
    ['https://[::1]:4433/', '::1', 4433, '[::1]:4433'],
    ['https://bücher.example', 'xn--bcher-kva.example', 443, 'xn--bcher-kva.example'],
    ['https://example.org.', 'example.org', 443, 'example.org.'],
  ])('%s', (input, host, port, authority) => {
    expect(parseOrigin(input)).toMatchObject({ host, port, authority });
  });

  it.each(['http://example.org', 'ftp://example.org', 'example.org', ''])('refuses %j', (input) => {
    expect(() => parseOrigin(input)).toThrow(InvalidArgumentError);
  });
});

describe('parseRequestHeaders', () => {
  it('fills in the pseudo-headers', () => {
    expect(parse({}).head).toEqual({
      method: 'GET',
      scheme: 'https',
      authority: 'example.org:8443',
      path: '/',
      headers: [],
    });
  });

  it('makes names lower case, trims values, and gives a list as several fields', () => {
    expect(parse({ 'X-A': ' 1\t', accept: ['a', 'b'], n: 7, none: undefined }).head.headers).toEqual([
      'x-a',
      '1',
      'accept',
      'a',
      'accept',
      'b',
      'n',
      '7',
    ]);
  });

  it('takes :authority from host, and sends no host field', () => {
    const { head } = parse({ Host: 'other.example' });
    expect(head.authority).toBe('other.example');
    expect(head.headers).toEqual([]);
  });

  it('joins cookies into one field (RFC 9114 4.2.1)', () => {
    expect(parse({ cookie: ['a=1', 'b=2'] }).head.headers).toEqual(['cookie', 'a=1; b=2']);
  });

  it('keeps Latin-1 values and te: trailers, and reads content-length', () => {
    const { head, contentLength } = parse({ 'x-name': 'Jos\u00e9', te: 'trailers', 'content-length': '12' });
    expect(head.headers).toEqual(['x-name', 'Jos\u00e9', 'te', 'trailers', 'content-length', '12']);
    expect(contentLength).toBe(12);
  });

  it.each<[string, OutgoingHeaders, RegExp]>([
    ['a connection-specific field', { connection: 'close' }, /connection: connection-specific/],
    ['transfer-encoding', { 'Transfer-Encoding': 'chunked' }, /transfer-encoding: connection-specific/],
    ['te other than trailers', { te: 'gzip' }, /te: "gzip"/],
    ['a name that is no token', { 'a b': '1' }, /Header name "a b"/],
    ['an empty name', { '': '1' }, /Header name ""/],
    ['a line break in a value', { a: 'x\r\nb: y' }, /a: .* characters/],
    ['NUL in a value', { a: 'x\0' }, /a: .* characters/],
    ['a value beyond Latin-1', { a: '\u20ac' }, /a: .* characters/],
    ['an unknown pseudo-header', { ':status': '200' }, /:status: not a pseudo-header/],
    ['a list as pseudo-header', { ':path': ['/', '/'] }, /:path: must be one string/],
    ['a path without slash', { ':path': 'x' }, /:path: "x"/],
    ['a path with a fragment', { ':path': '/#x' }, /:path/],
    ['a path with a space', { ':path': '/a b' }, /:path/],
    ['a method that is no token', { ':method': 'G T' }, /:method: "G T"/],
    ['CONNECT', { ':method': 'CONNECT' }, /CONNECT is not supported/],
    ['http', { ':scheme': 'http' }, /:scheme/],
    ['user information', { ':authority': 'me@example.org' }, /:authority/],
    ['a bad content-length', { 'content-length': '1e3' }, /content-length: "1e3"/],
    ['two content-lengths', { 'content-length': ['1', '2'] }, /content-length: only one/],
    ['two content-lengths in two spellings', { 'content-length': '1', 'Content-Length': '1' }, /given twice/],
  ])('refuses %s and names it', (_what, headers, message) => {
    expect(() => parse(headers)).toThrow(InvalidArgumentError);
    expect(() => parse(headers)).toThrow(message);
  });

  it('refuses a value that is neither string nor number', () => {
    expect(() => parse({ a: null as unknown as string })).toThrow(/a: a value must be a string or a number, not null/);
    expect(() => parse({ a: {} as unknown as string })).toThrow(/not object/);
  });
});
