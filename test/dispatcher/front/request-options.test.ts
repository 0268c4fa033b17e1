import { Readable } from 'node:stream';
import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { parseDispatchOptions } from '../../../src/client/dispatcher/dispatch-request.js';
import { codeOf, DEFAULTS, parse, parseAsUndici } from './undici-request.js';

const REFUSED: readonly (readonly [name: string, options: object])[] = [
  ['no path', { path: undefined }],
  ['a relative path', { path: 'a' }],
  ['an ftp URL', { path: 'ftp://a/' }],
  ['a space in the path', { path: '/a b' }],
  ['a path beyond latin1', { path: '/\u0100' }],
  ['a line feed in the path', { path: '/a\n' }],
  ['no method', { method: undefined }],
  ['an empty method', { method: '' }],
  ['a method of no token', { method: 'GET /' }],
  ['upgrade of another type', { upgrade: 1 }],
  ['upgrade with a line feed', { upgrade: 'a\n' }],
  ['a negative headersTimeout', { headersTimeout: -1 }],
  ['headersTimeout of no number', { headersTimeout: '1' }],
  ['an infinite bodyTimeout', { bodyTimeout: Number.POSITIVE_INFINITY }],
  ['NaN', { bodyTimeout: Number.NaN }],
  ['reset of another type', { reset: 1 }],
  ['expectContinue of another type', { expectContinue: 'yes' }],
  ['throwOnError', { throwOnError: true }],
  ['maxRedirections', { maxRedirections: 1 }],
  ['typeOfService', { typeOfService: 256 }],
  ['a number as body', { body: 1 }],
  ['an object as body', { body: {} }],
  ['true as body', { body: true }],
];

const ACCEPTED: readonly (readonly [name: string, options: object])[] = [
  ['nothing else', {}],
  ['lower case', { method: 'patch' }],
  ['an unusual method', { method: 'M-SEARCH' }],
  ['HEAD', { method: 'HEAD' }],
  ['POST', { method: 'POST' }],
  ['idempotent', { method: 'POST', idempotent: true }],
  ['blocking', { blocking: false }],
  ['reset', { reset: true }],
  ['expectContinue', { expectContinue: true }],
  [
    'nulls',
    { reset: null, expectContinue: null, idempotent: null, headersTimeout: null, upgrade: null, typeOfService: 0 },
  ],
  ['maxRedirections 0', { maxRedirections: 0 }],
  ['servername', { servername: 'a.example', headers: { host: 'b.example' } }],
  ['a query', { query: { a: 1, b: ['x', 'y'], c: '\u0100 &', d: null } }],
  ['an empty query', { query: {} }],
  ['a path with a query', { path: '/a?b=c%20d' }],
];

describe('options of a request', () => {
  it.each(REFUSED)('are refused as undici refuses them: %s', (_name, options) => {
    const undici = codeOf(() => parseAsUndici(options));
    expect(undici).toMatch(/^UND_ERR/);
    expect(codeOf(() => parse(options))).toBe(undici);
  });

  it.each(ACCEPTED)('mean what they mean to undici: %s', (_name, options) => {
    const own = parse(options);
    const undici = parseAsUndici(options);
    expect(own.path).toBe(undici.path);
    expect(own.idempotent).toBe(undici.idempotent);
    expect(own.reset).toBe(undici.reset ?? false);
    expect(own.expectContinue).toBe(undici.expectContinue);
    expect(own.serverName ?? null).toBe(undici.servername);
  });

  it('throw errors that are undici’s', () => {
    expect(() => parse({ path: '' })).toThrow(errors.InvalidArgumentError);
    expect(() => parse({ headers: { expect: 'x' } })).toThrow(errors.NotSupportedError);
    expect(() => parseDispatchOptions(undefined, DEFAULTS)).toThrow(errors.InvalidArgumentError);
    expect(() => parseDispatchOptions('x', DEFAULTS)).toThrow(errors.UndiciError);
  });

  it.each([[undefined], [''], [1], ['nonsense'], ['https://a/b'], ['https://a/?b'], ['ftp://a']])(
    'refuse the origin %s',
    (origin) => {
      expect(codeOf(() => parse({ origin }))).toBe('UND_ERR_INVALID_ARG');
    },
  );

  it('take an origin as text or URL', () => {
    expect(parse({ origin: 'https://A.example:443' }).origin.href).toBe('https://a.example');
    expect(parse({ origin: new URL('https://[::1]:8443/') }).origin).toMatchObject({ host: '::1', port: 8443 });
  });

  it('reduce an absolute URL to its path, and take its authority', () => {
    const request = parse({ path: 'https://b.example:1/c?d#e', headers: { host: 'a.example' } });
    expect([request.path, request.authority]).toEqual(['/c?d', 'b.example:1']);
    expect(codeOf(() => parse({ path: 'http://b.example/' }))).toBe('UND_ERR_INVALID_ARG');
    expect(codeOf(() => parse({ path: 'https://' }))).toBe('UND_ERR_INVALID_ARG');
  });

  it('encode what HTTP/3 has no characters for in a path, and drop a fragment', () => {
    expect(parse({ path: '/caf\xe9?\xff#x' }).path).toBe('/caf%E9?%FF');
  });

  it('refuse a query besides one in the path', () => {
    expect(codeOf(() => parse({ path: '/a?b', query: { c: 1 } }))).toBe('UND_ERR_INVALID_ARG');
  });

  it('say what needs TCP', () => {
    expect(parse({}).needsTcp).toBeUndefined();
    expect(parse({ method: 'CONNECT', path: 'a.example:443' })).toMatchObject({
      needsTcp: 'CONNECT',
      path: 'a.example:443',
    });
    expect(parse({ upgrade: 'websocket' }).needsTcp).toBe('upgrade');
  });

  it('know that a QUERY may be repeated', () => {
    expect(parse({ method: 'QUERY' }).idempotent).toBe(true);
  });

  it('round timeouts up, and take as long as a timer can', () => {
    expect(parse({ headersTimeout: 1.5, bodyTimeout: 1e15 }).limits).toEqual({
      headersTimeout: 2,
      bodyTimeout: 2 ** 31 - 1,
      maxHeaderSize: 65_536,
    });
    expect(parse({}).limits.headersTimeout).toBe(300_000);
  });

  it('have a priority', () => {
    expect(parse({ priority: { urgency: 1 } }).priority).toEqual({ urgency: 1, incremental: false });
    expect(codeOf(() => parse({ priority: { urgency: 8 } }))).toBe('UND_ERR_INVALID_ARG');
  });

  it('refuse a body that is not as long as it says, unless told otherwise', () => {
    const post = (body: unknown, strictContentLength = true): unknown =>
      parseDispatchOptions(
        { origin: 'https://a', method: 'POST', path: '/', headers: { 'content-length': '3' }, body },
        { ...DEFAULTS, strictContentLength },
      );
    expect(() => post('four')).toThrow(errors.RequestContentLengthMismatchError);
    expect(() => post(new Blob(['four']))).toThrow(errors.RequestContentLengthMismatchError);
    expect(() => post('four', false)).not.toThrow();
    expect(() => post('two', true)).not.toThrow();
    expect(() => post(Readable.from(['four']))).not.toThrow();
    expect(() => post(null)).not.toThrow();
  });
});
