import { beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, InvalidArgumentError, type RequestOptions } from '../../src/index.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';

let identity: TestIdentity;

beforeAll(async () => {
  identity = await makeIdentity();
});

describe('connect() refuses', () => {
  it.each(['', 'example.org', 'http://example.org', 'ftp://example.org', 'https://', 'https://exa mple.org'])(
    'the origin %j',
    (origin) => {
      expect(() => connect(origin)).toThrow(InvalidArgumentError);
    },
  );

  const CONNECT_OPTIONS: readonly (readonly [name: string, values: readonly unknown[]])[] = [
    ['family', [5, '4', null]],
    ['localAddress', ['localhost', '1.2.3', '']],
    ['servername', ['', 'b\u00fccher.example', 'a b']],
    ['connectTimeout', [-1, 1.5, Number.NaN, 2 ** 31, '100']],
    ['attemptDelay', [-1, Number.POSITIVE_INFINITY]],
    ['idleTimeout', [-1, 0.5, '1']],
    ['keepAliveTimeout', [-1, {}]],
    ['maxQueuedRequests', [-1, 1.5, '5']],
    ['headersTimeout', [-1, 1.5, '5']],
    ['bodyTimeout', [-1, Number.NaN]],
    ['maxHeaderSize', [-1, '64k']],
    ['earlyData', ['yes', 1]],
    ['echConfigList', ['AEX', 17]],
    ['ca', ['not a certificate', Buffer.from('neither'), []]],
  ];

  it.each(CONNECT_OPTIONS.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    '%s: %j, by name',
    (name, value) => {
      const options = { ca: identity.ca, [name]: value } as ConnectOptions;
      expect(() => connect('https://127.0.0.1:9', options)).toThrow(InvalidArgumentError);
      expect(() => connect('https://127.0.0.1:9', options)).toThrow(name);
    },
  );

  it.each([
    ['congestionControl', 'reno'],
    ['pacing', 1],
    ['maxData', -1],
    ['maxStreamData', 1.5],
    ['qpackMaxTableCapacity', 2 ** 31],
    ['qpackBlockedStreams', 65_536],
    ['receiveBufferSize', -1],
    ['ackRatio', 256],
    ['fastPto', 'fast'],
  ])('quic.%s: %j, by name', (name, value) => {
    const options = { ca: identity.ca, quic: { [name]: value } } as ConnectOptions;
    expect(() => connect('https://127.0.0.1:9', options)).toThrow(InvalidArgumentError);
    expect(() => connect('https://127.0.0.1:9', options)).toThrow(name);
  });

  it('a localAddress that is not of the wanted family', () => {
    const options: ConnectOptions = { ca: identity.ca, localAddress: '::1', family: 4 };
    expect(() => connect('https://localhost:9', options)).toThrow(InvalidArgumentError);
  });
});

describe('session.request() refuses', () => {
  const HEADERS: readonly (readonly [what: string, headers: Record<string, unknown>])[] = [
    ['a method with a space', { ':method': 'GE T' }],
    ['CONNECT', { ':method': 'CONNECT' }],
    ['another scheme', { ':scheme': 'http' }],
    ['a path without a slash', { ':path': 'index.html' }],
    ['a path with a fragment', { ':path': '/#top' }],
    ['a path beyond ASCII', { ':path': '/caf\u00e9' }],
    ['a path with a line feed', { ':path': '/\n' }],
    ['user information', { ':authority': 'user@example.org' }],
    ['a pseudo-header of a response', { ':status': '200' }],
    ['a pseudo-header list', { ':path': ['/', '/'] }],
    ['a name with a space', { 'x y': '1' }],
    ['an empty name', { '': '1' }],
    ['a value with a line feed', { x: '1\r\ny: 2' }],
    ['a value beyond Latin-1', { x: '\u20ac' }],
    ['a value that is an object', { x: {} }],
    ['a null value', { x: null }],
    ['connection', { connection: 'keep-alive' }],
    ['transfer-encoding', { 'transfer-encoding': 'chunked' }],
    ['upgrade', { upgrade: 'websocket' }],
    ['te other than trailers', { te: 'gzip' }],
    ['two content-lengths', { 'content-length': ['1', '1'] }],
    ['a content-length that is no number', { 'content-length': 'five' }],
    ['a negative content-length', { 'content-length': -1 }],
  ];

  it.each(HEADERS)('%s', (_what, headers) => {
    const session = openSession('https://127.0.0.1:9', identity);
    expect(() => session.request(headers as Record<string, string>)).toThrow(InvalidArgumentError);
    expect(session.pendingRequests).toBe(0);
  });

  const OPTIONS: readonly (readonly [what: string, options: Record<string, unknown>])[] = [
    ['a body that is a number', { body: 17 }],
    ['a body that is a plain object', { body: {} }],
    ['a body besides endStream', { body: 'x', endStream: true }],
    ['an urgency of 8', { priority: { urgency: 8 } }],
    ['a negative urgency', { priority: { urgency: -1 } }],
    ['an urgency of 1.5', { priority: { urgency: 1.5 } }],
    ['incremental that is no boolean', { priority: { incremental: 'yes' } }],
    ['a negative headersTimeout', { headersTimeout: -1 }],
    ['a bodyTimeout that is text', { bodyTimeout: '1s' }],
    ['a maxHeaderSize of 1.5', { maxHeaderSize: 1.5 }],
  ];

  it.each(OPTIONS)('%s', (_what, options) => {
    const session = openSession('https://127.0.0.1:9', identity);
    expect(() => session.request({}, options as RequestOptions)).toThrow(InvalidArgumentError);
    expect(session.pendingRequests).toBe(0);
  });

  it('an error code that is none, of close()', () => {
    const session = openSession('https://127.0.0.1:9', identity);
    const stream = session.request();
    stream.on('error', () => undefined);
    expect(() => stream.close(-1)).toThrow(InvalidArgumentError);
    expect(() => stream.close(1.5)).toThrow(InvalidArgumentError);
    expect(() => stream.priority({ urgency: 9 })).toThrow(InvalidArgumentError);
    stream.destroy();
  });
});
