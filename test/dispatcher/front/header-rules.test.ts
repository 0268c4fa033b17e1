import { describe, expect, it } from 'vitest';
import { codeOf, flatten, parse, parseAsUndici } from './undici-request.js';

/** Iterates pairs, as Map and Headers do. */
const pairs = (...entries: unknown[]): Iterable<unknown> => new Set(entries);

const ACCEPTED: readonly (readonly [name: string, headers: unknown])[] = [
  ['none', null],
  ['undefined', undefined],
  ['an object', { 'X-One': '1', 'x-two': 'b' }],
  ['an undefined value', { a: undefined, b: '1' }],
  ['a null value', { a: null }],
  ['numbers and booleans', { a: 1, b: true, c: 0, d: 1.5 }],
  ['a list of values', { accept: ['a', 'b', null, 3] }],
  ['an empty list', { accept: [] }],
  ['a flat array', ['A', '1', 'b', '2', 'A', '3']],
  ['a flat array with lists', ['a', ['1', '2']]],
  ['an empty array', []],
  ['a Map', new Map([['A', '1']])],
  ['Headers', new Headers({ A: '1', B: '2' })],
  ['an iterable of pairs', pairs(['a', '1'], ['a', '2'])],
  ['latin1', { a: 'caf\xe9' }],
  ['tabs', { a: 'a\tb' }],
  ['an empty value', { a: '' }],
  ['__proto__ as an own name', JSON.parse('{"__proto__": "x"}')],
  ['connection: close', { connection: 'Close' }],
  ['connection options', { connection: 'keep-alive, foo ,close' }],
  ['content-length', { 'content-length': '0' }],
  ['content-length as a number', { 'Content-Length': 12 }],
  ['host', { Host: 'other.example:8443' }],
  ['host that is an address', { host: '127.0.0.1:1' }],
  ['host that is an IPv6 address', { host: '[::1]:1' }],
  ['an empty host', { host: '' }],
  ['content-type', { 'Content-Type': 'text/plain' }],
  ['several content-types', ['content-type', 'a', 'content-type', 'b']],
  ['te: trailers', { te: 'trailers' }],
];

const REFUSED: readonly (readonly [name: string, headers: unknown])[] = [
  ['a string', 'a: b'],
  ['an empty string', ''],
  ['a number', 1],
  ['an odd array', ['a']],
  ['pairs that are none', pairs(['a'])],
  ['pairs that are strings', pairs('ab')],
  ['a name with a space', { 'a b': '1' }],
  ['an empty name', { '': '1' }],
  ['a pseudo-header', { ':path': '/x' }],
  ['a line feed', { a: '1\n2' }],
  ['a carriage return in a list', { a: ['1\r'] }],
  ['a null byte', { a: '\0' }],
  ['beyond latin1', { a: '\u0100' }],
  ['an object value', { a: {} }],
  ['an object in a list', { a: [{}] }],
  ['a list in a list', { a: [['1']] }],
  ['transfer-encoding', { 'Transfer-Encoding': 'chunked' }],
  ['keep-alive', { 'keep-alive': 'timeout=5' }],
  ['upgrade', { upgrade: 'websocket' }],
  ['expect', { Expect: '100-continue' }],
  ['connection of no token', { connection: 'a b' }],
  ['an empty connection', { connection: '' }],
  ['a list for connection', { connection: ['close'] }],
  ['content-length of no number', { 'content-length': '1a' }],
  ['a negative content-length', { 'content-length': -1 }],
  ['an empty content-length', { 'content-length': '' }],
  ['two content-lengths', ['content-length', '1', 'Content-Length', '1']],
  ['a list for content-length', { 'content-length': ['1'] }],
  ['two hosts', ['host', 'a', 'Host', 'a']],
  ['a list for host', { host: ['a'] }],
];

describe('header fields', () => {
  it.each(ACCEPTED)('are taken as undici takes them: %s', (_name, headers) => {
    const own = parse({ headers });
    const undici = parseAsUndici({ headers });
    expect(own.headers).toEqual(flatten(undici.headers));
    expect(own.authority ?? '').toBe(undici.host ?? '');
    expect(own.serverName ?? '').toBe(undici.servername ?? '');
    expect(own.contentLength ?? null).toBe(undici.contentLength);
    expect(own.reset).toBe(undici.reset ?? false);
  });

  it.each(REFUSED)('are refused as undici refuses them: %s', (_name, headers) => {
    const undici = codeOf(() => parseAsUndici({ headers }));
    expect(undici).toMatch(/^UND_ERR/);
    expect(codeOf(() => parse({ headers }))).toBe(undici);
  });

  it('refuse names and values that undici fails on with a TypeError', () => {
    expect(codeOf(() => parseAsUndici({ headers: [Buffer.from('a'), '1'] }))).not.toMatch(/^UND_ERR/);
    expect(codeOf(() => parse({ headers: [Buffer.from('a'), '1'] }))).toBe('UND_ERR_INVALID_ARG');
    expect(codeOf(() => parse({ headers: { a: Symbol('a') } }))).toBe('UND_ERR_INVALID_ARG');
  });

  it('join cookies into one field', () => {
    expect(parse({ headers: ['cookie', 'a=1', 'x', 'y', 'Cookie', ['b=2', 'c=3']] }).headers).toEqual([
      'cookie',
      'a=1; b=2; c=3',
      'x',
      'y',
    ]);
  });

  it('that HTTP/3 does not have are kept for TCP only', () => {
    const request = parse({ headers: { te: 'gzip', 'proxy-connection': 'keep-alive', a: '1' } });
    expect(request.headers).toEqual(['a', '1']);
    expect(request.tcpHeaders()).toEqual(['a', '1', 'te', 'gzip', 'proxy-connection', 'keep-alive']);
  });

  it('lose white space at their ends', () => {
    expect(parse({ headers: { a: ' \tb ' } }).headers).toEqual(['a', 'b']);
  });

  it('give back to undici what it was given', () => {
    const headers = { Host: 'a.example', Connection: 'close', 'Content-Length': '1', X: ['1', '2'] };
    const { body } = parse({ method: 'POST', headers, body: 'x' });
    const again = parseAsUndici({
      method: 'POST',
      body: 'x',
      headers: parse({ method: 'POST', headers, body: 'x' }).tcpHeaders(),
    });
    expect(body.length).toBe(1);
    expect([again.host, again.reset, again.contentLength, again.headers]).toEqual([
      'a.example',
      true,
      1,
      ['x', '1', 'x', '2'],
    ]);
  });

  it('refuse a host that can be no authority', () => {
    expect(codeOf(() => parse({ headers: { host: 'user@a' } }))).toBe('UND_ERR_INVALID_ARG');
    expect(codeOf(() => parse({ headers: { host: 'a b' } }))).toBe('UND_ERR_INVALID_ARG');
  });

  it('are not taken from an iterator on Object.prototype', () => {
    Object.defineProperty(Object.prototype, Symbol.iterator, {
      value: () => [][Symbol.iterator](),
      configurable: true,
    });
    try {
      expect(parse({ headers: { a: '1' } }).headers).toEqual(['a', '1']);
    } finally {
      Reflect.deleteProperty(Object.prototype, Symbol.iterator);
    }
  });
});
