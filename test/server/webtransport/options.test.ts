import { describe, expect, it } from 'vitest';
import { createSecureServer } from '../../../src/server/index.js';
import { resolveServerOptions } from '../../../src/server/server-options.js';
import { serverParams } from '../../../src/server/server-params.js';
import type { ServerWebTransportOptions } from '../../../src/server/webtransport/webtransport-options.js';

const SOCKET = { fd: 1, localAddress: '127.0.0.1', localPort: 443 };
const paramsOf = (webTransport: boolean | ServerWebTransportOptions) =>
  serverParams(resolveServerOptions({ webTransport }), SOCKET);

describe('option webTransport', () => {
  it('is off by default: no settings, no datagrams, no streams for it', () => {
    expect(resolveServerOptions({}).webTransport).toBeUndefined();
    expect(paramsOf(false)).toMatchObject({
      webtransport: false,
      settings: [],
      resetStreamAt: false,
      maxStreamsBidi: 100,
      maxStreamsUni: 16,
      datagramSize: 0,
    });
  });

  it('has defaults', () => {
    expect(resolveServerOptions({ webTransport: true }).webTransport).toMatchObject({
      limits: { maxSessions: 16, maxEarlyStreams: 512, maxEarlyDatagrams: 128, maxEarlyDatagramBytes: 131_072 },
      isAllowedOrigin: undefined,
      requireOrigin: false,
      maxBidirectionalStreams: 256,
      maxUnidirectionalStreams: 256,
      maxDatagramSize: 65_535,
      acceptTimeout: 10_000,
      maxQueuedSessions: 128,
    });
    expect(resolveServerOptions({ webTransport: {} })).toMatchObject({ webTransport: { requireOrigin: false } });
  });

  it('lets clients open the streams of sessions besides those of requests', () => {
    const params = paramsOf({ maxSessions: 3, maxBidirectionalStreams: 20, maxUnidirectionalStreams: 30 });
    expect(params).toMatchObject({ webtransport: true, resetStreamAt: true, datagramSize: 65_535 });
    expect([params.maxStreamsBidi, params.maxStreamsUni]).toEqual([100 + 3 + 20, 16 + 30]);
    // SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 9220 3) and SETTINGS_H3_DATAGRAM (RFC 9297 2.1.1).
    expect(Object.fromEntries(pairs(params.settings))).toMatchObject({ 8: 1, 51: 1, 3329323114: 3 });
  });

  it('takes origins as browsers write them, or a function', () => {
    const allowedOrigins = ['https://example.org', 'http://localhost:8080', 'null', 'app://some'];
    const { isAllowedOrigin } = resolveServerOptions({ webTransport: { allowedOrigins } }).webTransport ?? {};
    const allowed = (origin: string) => isAllowedOrigin?.(origin, undefined as never);
    expect(allowedOrigins.map(allowed)).toEqual([true, true, true, true]);
    expect(['https://example.org:443', 'https://example.com', ''].map(allowed)).toEqual([false, false, false]);
    const check = () => true;
    expect(resolveServerOptions({ webTransport: { allowedOrigins: check } }).webTransport?.isAllowedOrigin).toBe(check);
  });

  it.each<[unknown, string]>([
    [1, 'webTransport: must be true'],
    [null, 'webTransport: must be true'],
    [{ maxSessions: 0 }, 'webTransport.maxSessions'],
    [{ allowedOrigins: 'https://example.org' }, 'webTransport.allowedOrigins'],
    [{ allowedOrigins: ['https://example.org/'] }, 'webTransport.allowedOrigins'],
    [{ allowedOrigins: ['example.org'] }, 'webTransport.allowedOrigins'],
    [{ allowedOrigins: ['*'] }, 'webTransport.allowedOrigins'],
    [{ requireOrigin: 1 }, 'webTransport.requireOrigin'],
    [{ maxDatagramSize: 65_536 }, 'webTransport.maxDatagramSize'],
    [{ acceptTimeout: -1 }, 'webTransport.acceptTimeout'],
    [{ maxQueuedSessions: 0 }, 'webTransport.maxQueuedSessions'],
    [{ maxEarlyStreams: 1.5 }, 'webTransport.maxEarlyStreams'],
    [{ incomingDatagramQueue: 0 }, 'webTransport.incomingDatagramQueue'],
  ])('cannot be %j', (webTransport, message) => {
    expect(() => createSecureServer({ webTransport: webTransport as boolean })).toThrow(message);
  });

  it('is what webTransportSessions needs', () => {
    expect(() => createSecureServer({}).webTransportSessions()).toThrow('webTransport');
    const server = createSecureServer({ webTransport: true });
    expect(() => server.webTransportSessions('x')).toThrow('path');
    expect(() => server.webTransportSessions('/x?y')).toThrow('path');
  });
});

function* pairs(flat: readonly number[]): Generator<[number, number]> {
  for (let index = 0; index < flat.length; index += 2) yield [flat[index] ?? 0, flat[index + 1] ?? 0];
}
