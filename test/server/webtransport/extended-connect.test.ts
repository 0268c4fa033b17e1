import { describe, expect, it } from 'vitest';
import { MessageError } from '../../../src/errors.js';
import { parseRequestSection } from '../../../src/server/request-section.js';

const section = (changes: Readonly<Record<string, string | undefined>>): string[] => {
  const fields = { ':method': 'CONNECT', ':protocol': 'webtransport', ...TARGET, ...changes };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
};
const TARGET = { ':scheme': 'https', ':authority': 'example.org', ':path': '/chat?room=1' };

describe("an extended CONNECT's header section", () => {
  it('says which protocol is wanted', () => {
    const { headers, protocol } = parseRequestSection(section({ origin: 'https://example.org' }), true);
    expect(protocol).toBe('webtransport');
    expect({ ...headers }).toEqual({
      ':method': 'CONNECT',
      ':protocol': 'webtransport',
      ...TARGET,
      origin: 'https://example.org',
    });
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no :scheme', { ':scheme': undefined }],
    ['no :path', { ':path': undefined }],
    ['no :authority', { ':authority': undefined }],
    ['only host for an authority', { ':authority': undefined, host: 'example.org' }],
    ['another method', { ':method': 'GET' }],
    ['a :protocol that is no token', { ':protocol': 'web transport' }],
    ['an empty :protocol', { ':protocol': '' }],
    ['a relative :path', { ':path': 'chat' }],
    ['user information', { ':authority': 'user@example.org' }],
  ])('is malformed with %s', (_, changes) => {
    expect(() => parseRequestSection(section(changes), true)).toThrow(MessageError);
  });

  it('is malformed where the settings do not offer it', () => {
    expect(() => parseRequestSection(section({}))).toThrow(MessageError);
  });

  it('is not what an ordinary CONNECT is', () => {
    const plain = section({ ':protocol': undefined, ':scheme': undefined, ':path': undefined });
    expect(parseRequestSection(plain, true).protocol).toBeUndefined();
    expect(() => parseRequestSection(section({ ':protocol': undefined }), true)).toThrow(MessageError);
  });
});
