import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.js';
import { parsePriority, parseRequestSection, parseTrailerSection } from '../../src/server/request-section.js';
import { interimSection, responseSection, trailerSection } from '../../src/server/response-section.js';

const BASE = [':method', 'GET', ':scheme', 'https', ':authority', 'example.org', ':path', '/'];

describe("a request's header section", () => {
  it('becomes the object that node:http2 makes', () => {
    const { headers, contentLength } = parseRequestSection([
      ...BASE,
      ...['cookie', 'a=1', 'cookie', 'b=2', 'accept', 'x', 'accept', ' y ', 'user-agent', 'one', 'user-agent', 'two'],
      ...['set-cookie', 'c', 'content-length', '5, 5'],
    ]);
    expect({ ...headers }).toEqual({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': 'example.org',
      ':path': '/',
      cookie: 'a=1; b=2',
      accept: 'x, y',
      'user-agent': 'one',
      'set-cookie': ['c'],
      'content-length': '5, 5',
    });
    expect(contentLength).toBe(5);
    expect(Object.getPrototypeOf(headers)).toBeNull();
  });

  it.each([
    ['host instead of :authority', [':method', 'GET', ':scheme', 'https', ':path', '/', 'host', 'x']],
    ['an asterisk', [':method', 'OPTIONS', ':scheme', 'https', ':authority', 'x', ':path', '*']],
    ['CONNECT', [':method', 'CONNECT', ':authority', 'x:443']],
    ['te: trailers', [...BASE, 'te', 'trailers']],
  ])('may have %s', (_, fields) => {
    expect(() => parseRequestSection(fields)).not.toThrow();
  });

  it.each<[string, string[]]>([
    ['no :method', BASE.slice(2)],
    ['no :scheme', [...BASE.slice(0, 2), ...BASE.slice(4)]],
    ['no :path', BASE.slice(0, 6)],
    ['an empty :path', [...BASE.slice(0, 6), ':path', '']],
    ['a relative :path', [...BASE.slice(0, 6), ':path', 'x']],
    ['no authority', [...BASE.slice(0, 4), ...BASE.slice(6)]],
    ['two paths', [...BASE, ':path', '/']],
    ['a pseudo-header after a field', [...BASE.slice(0, 6), 'x', 'y', ':path', '/']],
    ['an unknown pseudo-header', [...BASE, ':status', '200']],
    ['host and :authority that differ', [...BASE, 'host', 'example.com']],
    ['user information', [':method', 'GET', ':scheme', 'https', ':authority', 'u@x', ':path', '/']],
    ['a space in :path', [...BASE.slice(0, 6), ':path', '/a b']],
    ['a line break in a value', [...BASE, 'x', 'a\nb']],
    ['an upper-case name', [...BASE, 'X', 'y']],
    ['transfer-encoding', [...BASE, 'transfer-encoding', 'chunked']],
    ['te: gzip', [...BASE, 'te', 'gzip']],
    ['two lengths', [...BASE, 'content-length', '1', 'content-length', '2']],
    ['a length that is none', [...BASE, 'content-length', '-1']],
    ['CONNECT with a path', [...BASE.slice(2), ':method', 'CONNECT']],
    [':protocol', [...BASE.slice(2), ':method', 'CONNECT', ':protocol', 'websocket']],
    [':protocol without CONNECT', [...BASE, ':protocol', 'websocket']],
  ])('is malformed with %s', (_, fields) => {
    expect(() => parseRequestSection(fields)).toThrow(MessageError);
  });

  it('has a priority, or the default one', () => {
    expect(parsePriority('u=1, i')).toEqual({ urgency: 1, incremental: true });
    expect(parsePriority('i=?0,u=7')).toEqual({ urgency: 7, incremental: false });
    expect(parsePriority('u=9')).toEqual({ urgency: 3, incremental: false });
    expect(parsePriority(undefined)).toEqual({ urgency: 3, incremental: false });
  });

  it('is no trailer section with pseudo-headers', () => {
    expect({ ...parseTrailerSection(['x', '1']) }).toEqual({ x: '1' });
    expect(() => parseTrailerSection([':path', '/'])).toThrow(MessageError);
  });
});

describe("a response's header section", () => {
  it('is the text that the engine takes', () => {
    const { text, sent, contentLength } = responseSection(
      { ':status': '201', 'Content-Length': 3, 'set-cookie': ['a', 'b'], 'x-undefined': undefined },
      false,
    );
    expect(text).toBe(':status\x00201\0content-length\x003\0set-cookie\0a\0set-cookie\0b\0');
    expect({ ...sent }).toEqual({ ':status': 201, 'content-length': '3', 'set-cookie': ['a', 'b'] });
    expect(contentLength).toBe(3);
  });

  it('has a date unless there is one', () => {
    expect(responseSection({}, true).sent.date).toMatch(/ GMT$/);
    expect(responseSection({ Date: 'mine' }, true).sent.date).toBe('mine');
  });

  it.each<[() => unknown, string]>([
    [() => responseSection({ ':status': 'x' }, false), 'ERR_HTTP3_STATUS_INVALID'],
    [() => responseSection({ ':status': 600 }, false), 'ERR_HTTP3_STATUS_INVALID'],
    [() => responseSection({ 'content-length': 'x' }, false), 'UND_ERR_INVALID_ARG'],
    [() => responseSection({ x: 'a\0b' }, false), 'UND_ERR_INVALID_ARG'],
    [() => responseSection({ x: 'é€' }, false), 'UND_ERR_INVALID_ARG'],
    [() => responseSection({ te: 'gzip' }, false), 'ERR_HTTP3_INVALID_CONNECTION_HEADERS'],
    [() => interimSection({}), 'ERR_HTTP3_STATUS_INVALID'],
    [() => trailerSection({ ':status': 200 }), 'ERR_HTTP3_INVALID_PSEUDOHEADER'],
    [() => trailerSection({ 'keep-alive': '1' }), 'ERR_HTTP3_INVALID_CONNECTION_HEADERS'],
  ])('case %#: %s is refused with its code', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
