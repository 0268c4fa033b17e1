import { expect, it } from 'vitest';
import { parseRequestSection } from '../../../src/server/request-section.js';

const REQUEST = [':method', 'GET', ':scheme', 'https', ':path', '/'];

it.each(['a/b', 'a?b', 'a#b', 'a\\b', 'a b', 'a@b', 'a"b', '<a>', 'a|b', 'a^b', '{a}', '`a`'])(
  '%s is neither an authority nor a host (RFC 3986 3.2)',
  (authority) => {
    for (const name of [':authority', 'host']) {
      const fields = name === 'host' ? [...REQUEST, name, authority] : [name, authority, ...REQUEST];
      expect(() => parseRequestSection(fields)).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_MESSAGE' }));
    }
  },
);

it.each([
  'example.org',
  'example.org:8443',
  '192.0.2.1:1',
  '[2001:db8::1]:443',
  'under_score',
  'xn--bcher-kva.test',
  'a%20b',
])('%s is one', (authority) => {
  expect(parseRequestSection([':authority', authority, ...REQUEST]).headers).toHaveProperty(':authority', authority);
  expect(parseRequestSection([...REQUEST, 'host', authority]).headers).toHaveProperty('host', authority);
});
