import { describe, expect, it } from 'vitest';
import { WebTransport } from '../../../src/webtransport/index.js';
import { connecting } from './fake-connector.js';

const make = (url: unknown, options?: unknown) => (): WebTransport => new WebTransport(url as string, options as never);
const URL_OK = 'https://server.test/';

describe('the URL', () => {
  it.each([
    [null],
    [''],
    ['no-scheme'],
    ['http://server.test/'],
    ['quic-transport://server.test/'],
    ['https:///'],
    ['https://server.test/#'],
    ['https://server.test/#fragment'],
    ['https://server.test:999999/'],
  ])('%s is a SyntaxError', (url) => {
    expect(make(url)).toThrow(expect.objectContaining({ name: 'SyntaxError', code: 12 }));
  });

  it('is needed', () => {
    expect(() => new (WebTransport as unknown as new () => object)()).toThrow(TypeError);
  });

  it('reaches the connector, which says what cannot be reached', () => {
    expect(connecting().connect.url.href).toBe('https://server.test/path?query');
    expect(new WebTransport(new URL('https://server.test:0/'))).toBeInstanceOf(WebTransport);
  });
});

describe('the options', () => {
  it('have defaults', () => {
    expect(connecting().connect.options).toEqual({
      allowPooling: false,
      requireUnreliable: false,
      serverCertificateHashes: [],
      congestionControl: 'default',
      anticipatedConcurrentIncomingUnidirectionalStreams: null,
      anticipatedConcurrentIncomingBidirectionalStreams: null,
      protocols: [],
      headers: [],
      datagramsReadableType: 'bytes',
      connection: {},
    });
    expect(make(URL_OK, null)).not.toThrow();
  });

  it('are converted and copied', () => {
    const value = new Uint8Array([1, 2]);
    const connection = { ca: 'pem' };
    const { connect, transport } = connecting({
      allowPooling: 0 as never,
      requireUnreliable: 'yes' as never,
      serverCertificateHashes: [{ algorithm: 'sha-256', value }],
      congestionControl: 'low-latency',
      anticipatedConcurrentIncomingUnidirectionalStreams: 7,
      protocols: new Set(['a', 'b c']),
      headers: { 'X-A': ' 1 ', Host: 'other', 'set-cookie': 'a=b' },
      datagramsReadableType: 'default',
      connection,
    });
    value[0] = 9;
    const { options } = connect;
    expect(options.allowPooling).toBe(false);
    expect(options.requireUnreliable).toBe(true);
    expect(options.serverCertificateHashes).toEqual([{ algorithm: 'sha-256', value: new Uint8Array([1, 2]) }]);
    expect(options.congestionControl).toBe('low-latency');
    expect(transport.congestionControl).toBe('default');
    expect(connecting({ congestionControl: 'throughput' }).transport.congestionControl).toBe('throughput');
    expect(transport.anticipatedConcurrentIncomingUnidirectionalStreams).toBe(7);
    expect(options.protocols).toEqual(['a', 'b c']);
    expect(options.headers).toEqual([['x-a', '1']]);
    expect(options.connection).toBe(connection);
  });

  it.each([
    [{ congestionControl: 'fast' }],
    [{ datagramsReadableType: 'objects' }],
    [{ serverCertificateHashes: [{ algorithm: 'sha-256' }] }],
    [{ serverCertificateHashes: [{ value: new Uint8Array(1) }] }],
    [{ serverCertificateHashes: [{ algorithm: 'sha-256', value: 'text' }] }],
    [{ serverCertificateHashes: {} }],
    [{ protocols: 'ab' }],
    [{ anticipatedConcurrentIncomingBidirectionalStreams: 65_536 }],
    [{ anticipatedConcurrentIncomingBidirectionalStreams: 'many' }],
    [{ headers: { 'wt-available-protocols': 'a' } }],
    [{ headers: { 'bad name': 'a' } }],
    [5],
  ])('%o are a TypeError', (options) => {
    expect(make(URL_OK, options)).toThrow(TypeError);
  });

  it.each([[['a', 'a']], [['']], [['é']], [['a'.repeat(513)]], [['a\n']]])(
    'protocols %o are a SyntaxError',
    (protocols) => {
      expect(make(URL_OK, { protocols })).toThrow(expect.objectContaining({ name: 'SyntaxError' }));
    },
  );

  it('certificate hashes need a connection of their own', () => {
    const serverCertificateHashes = [{ algorithm: 'sha-256', value: new Uint8Array(32) }];
    const options = { allowPooling: true, serverCertificateHashes };
    expect(make(URL_OK, options)).toThrow(expect.objectContaining({ name: 'NotSupportedError' }));
    expect(make(URL_OK, { allowPooling: true, serverCertificateHashes: [] })).not.toThrow();
  });
});
