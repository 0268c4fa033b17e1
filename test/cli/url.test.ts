import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.js';
import { followRedirect, isRedirect } from '../../src/cli/redirect.js';
import { dataUpload, type Upload } from '../../src/cli/upload.js';
import { parseUrl, withQuery, withUploadName } from '../../src/cli/url.js';

describe('a URL of the command line', () => {
  it('is https unless it says otherwise', () => {
    expect(parseUrl('example.org:8443/a?b#c')).toMatchObject({
      href: 'https://example.org:8443/a?b',
      origin: 'https://example.org:8443',
      host: 'example.org',
      port: 8443,
      path: '/a?b',
      credentials: undefined,
    });
  });

  it('may be an IPv6 address', () => {
    expect(parseUrl('https://[::1]/')).toMatchObject({ host: '::1', port: 443, origin: 'https://[::1]' });
  });

  it('may carry user and password, which do not stay in it', () => {
    expect(parseUrl('https://me:p%40ss@example.org/')).toMatchObject({
      href: 'https://example.org/',
      credentials: 'me:p@ss',
    });
  });

  it.each([
    ['', EXIT.MALFORMED_URL],
    ['https://', EXIT.MALFORMED_URL],
    ['ht!tp://host/', EXIT.MALFORMED_URL],
    ['https://a b/', EXIT.MALFORMED_URL],
    ['https://host:99999/', EXIT.MALFORMED_URL],
    ['https://a%ff:b@host/', EXIT.MALFORMED_URL],
    ['http://host/', EXIT.UNSUPPORTED_PROTOCOL],
    ['ftp://host/', EXIT.UNSUPPORTED_PROTOCOL],
  ])('%j is refused with exit code %i', (text, exitCode) => {
    expect(() => parseUrl(text)).toThrow(expect.objectContaining({ exitCode }));
  });

  it('takes the data of -G into its query', () => {
    expect(withQuery(parseUrl('https://host/a'), 'b=c').path).toBe('/a?b=c');
    expect(withQuery(parseUrl('https://host/a?b=c'), 'd').path).toBe('/a?b=c&d');
  });

  it('takes the name of an uploaded file if it ends with a slash', () => {
    expect(withUploadName(parseUrl('https://host/dir/?q'), 'a b').path).toBe('/dir/a%20b?q');
    expect(withUploadName(parseUrl('https://host/dir/name'), 'file').path).toBe('/dir/name');
  });
});

describe('a redirect', () => {
  const upload = dataUpload(Buffer.from('data'));
  const post = { url: parseUrl('https://host/dir/page'), method: 'POST', upload };

  it('is a 301, 302, 303, 307 or 308 with a location', () => {
    expect([300, 301, 302, 303, 304, 307, 308].filter((status) => isRedirect(status, '/'))).toEqual([
      301, 302, 303, 307, 308,
    ]);
    expect(isRedirect(302, undefined)).toBe(false);
  });

  it.each([301, 302, 303])('with %i turns POST into GET without body', (status) => {
    expect(followRedirect(status, 'next', post, undefined)).toMatchObject({
      url: { href: 'https://host/dir/next' },
      method: 'GET',
      upload: undefined,
    });
  });

  it.each([307, 308])('with %i keeps method and body', (status) => {
    expect(followRedirect(status, '/', post, undefined)).toMatchObject({ method: 'POST', upload });
  });

  it('keeps PUT and HEAD at 302, turns PUT but not HEAD into GET at 303', () => {
    expect(followRedirect(302, '/', { ...post, method: 'PUT' }, undefined).method).toBe('PUT');
    expect(followRedirect(303, '/', { ...post, method: 'PUT' }, undefined).method).toBe('GET');
    const head = { ...post, method: 'HEAD', upload: undefined };
    expect([302, 303].map((status) => followRedirect(status, '/', head, undefined).method)).toEqual(['HEAD', 'HEAD']);
  });

  it('keeps a method chosen with -X', () => {
    expect(followRedirect(302, '/', post, 'POST').method).toBe('POST');
  });

  it('cannot send standard input again', () => {
    const input: Upload = { ...upload, rewindable: false };
    expect(() => followRedirect(307, '/', { ...post, upload: input }, undefined)).toThrow(
      expect.objectContaining({ exitCode: EXIT.REWIND }),
    );
  });

  it('to another scheme is refused', () => {
    expect(() => followRedirect(302, 'http://host/', post, undefined)).toThrow(
      expect.objectContaining({ exitCode: EXIT.UNSUPPORTED_PROTOCOL }),
    );
  });
});
