import { describe, expect, it } from 'vitest';
import { SETTING, WEBTRANSPORT_VERSIONS, type WebTransportVersion } from '../../../src/stream/webtransport/versions.js';
import { isBadPort } from '../../../src/webtransport/client/bad-ports.js';
import { readConnectResponse } from '../../../src/webtransport/client/connect-response.js';
import { type ConnectTarget, connectHead } from '../../../src/webtransport/client/connect-target.js';

function version(name: WebTransportVersion['name']): WebTransportVersion {
  const found = WEBTRANSPORT_VERSIONS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no version ${name}`);
  return found;
}

const TARGET: ConnectTarget = {
  authority: 'localhost:4433',
  path: '/chat?room=1',
  origin: undefined,
  protocols: [],
  headers: [],
};

describe('the CONNECT request', () => {
  it('names protocol and target, and has what draft 02 wants, in every version', () => {
    for (const each of WEBTRANSPORT_VERSIONS) {
      expect(connectHead(TARGET, each)).toEqual({
        method: 'CONNECT',
        scheme: 'https',
        authority: 'localhost:4433',
        path: '/chat?room=1',
        headers: [':protocol', each.protocol, 'sec-webtransport-http3-draft02', '1'],
      });
    }
    expect(version('draft-14').protocol).toBe('webtransport');
    expect(version('draft-15').protocol).toBe('webtransport-h3');
    expect(SETTING.WT_ENABLED).toBe(0x2c7cf000);
  });

  it('offers protocols as Strings, in order', () => {
    const { headers } = connectHead({ ...TARGET, protocols: ['b2', 'a "quoted" \\'] }, version('draft-15'));
    expect(headers.slice(4)).toEqual(['wt-available-protocols', '"b2", "a \\"quoted\\" \\\\"']);
  });

  it('says where it comes from if that is known, unless the user says it', () => {
    const from = { ...TARGET, origin: 'https://page.example' };
    expect(connectHead(from, version('draft-02')).headers.slice(4)).toEqual(['origin', 'https://page.example']);
    const own = { ...from, headers: [['origin', 'https://own.example']] as const };
    expect(connectHead(own, version('draft-02')).headers.slice(4)).toEqual(['origin', 'https://own.example']);
  });

  it('has the user’s fields last, repeated ones too', () => {
    const headers = [
      ['x-one', '1'],
      ['x-one', '2'],
    ] as const;
    expect(connectHead({ ...TARGET, headers }, version('draft-07')).headers.slice(4)).toEqual([
      'x-one',
      '1',
      'x-one',
      '2',
    ]);
  });
});

describe('the response to CONNECT', () => {
  const read = (
    section: readonly string[],
    offered: readonly string[] = [],
    name: WebTransportVersion['name'] = 'draft-15',
  ) => readConnectResponse(section, offered, version(name));

  it.each(['200', '204', '299'])('with status %s accepts the session', (status) => {
    expect(read([':status', status, 'x-one', '1', 'x-one', '2'])).toEqual({
      headers: ['x-one', '1', 'x-one', '2'],
      protocol: undefined,
    });
  });

  it.each(['301', '307', '400', '401', '404', '405', '421', '429', '503', '599'])(
    'with status %s rejects it',
    (status) => {
      const rejected = expect.objectContaining({
        code: 'ERR_WEBTRANSPORT_REJECTED',
        message: expect.stringContaining(status),
      });
      expect(() => read([':status', status, 'location', '/elsewhere'])).toThrow(rejected);
    },
  );

  it.each([[[]], [['x-one', '1']], [[':status', '']], [[':status', '2000']], [[':status', 'abc']]])(
    'is malformed with the section %j',
    (section) => {
      expect(() => read(section)).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_MESSAGE' }));
    },
  );

  it.each([
    ['"b2"', 'b2'],
    ['"b2"; a=1', 'b2'],
    ['"a1", "b2"', undefined],
    ['b2', undefined],
    ['"b2', undefined],
    ['', undefined],
  ])('chooses with wt-protocol: %s the protocol %s', (value, protocol) => {
    expect(read([':status', '200', 'wt-protocol', value], ['a1', 'b2']).protocol).toBe(protocol);
  });

  it('may not choose a protocol that was not offered', () => {
    const section = [':status', '200', 'wt-protocol', '"c3"'];
    const refused = expect.objectContaining({ code: 'ERR_WEBTRANSPORT_SUBPROTOCOL', errorCode: 0x0817b3dd });
    expect(() => read(section, ['a1'])).toThrow(refused);
    expect(() => read(section)).toThrow(refused);
  });

  it.each(['draft-02', 'draft-07', 'draft-14'] as const)('of %s ignores a protocol that was not offered', (name) => {
    expect(read([':status', '200', 'wt-protocol', '"c3"'], ['a1'], name).protocol).toBeUndefined();
  });
});

describe('ports that Fetch blocks', () => {
  it.each([0, 22, 25, 6000, 6667, 10080])('%i is one', (port) => expect(isBadPort(port)).toBe(true));
  it.each([80, 443, 4433, 8443, 65_535])('%i is none', (port) => expect(isBadPort(port)).toBe(false));
});
