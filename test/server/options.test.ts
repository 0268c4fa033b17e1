import { describe, expect, it } from 'vitest';
import { createSecureServer } from '../../src/server/index.js';
import { resolveServerOptions } from '../../src/server/server-options.js';

describe('options of createSecureServer', () => {
  it('have defaults', () => {
    const { statelessResetKey, connectionIdPrefix, quic, ...rest } = resolveServerOptions({});
    expect(rest).toMatchObject({
      maxConnections: 10_000,
      maxPendingHandshakes: 2000,
      handshakeTimeout: 10_000,
      retryPolicy: 2,
      sessionTickets: true,
      zeroRttWindow: 0,
      idleTimeout: 30_000,
      maxHeaderSize: 16_384,
      maxHeaderListPairs: 128,
      maxConcurrentStreams: 100,
      requestTimeout: 300_000,
      timeout: 0,
      sendDate: true,
      connectionIdLength: 9,
    });
    expect(statelessResetKey).toHaveLength(32);
    expect([...connectionIdPrefix]).toEqual([0xe0]);
    expect(quic).toMatchObject({ maxData: 16 * 1024 * 1024, maxStreamData: 1024 * 1024 });
    expect(resolveServerOptions({}).statelessResetKey).not.toEqual(statelessResetKey);
  });

  it('make connection ids that a load balancer can route by', () => {
    const { connectionIdPrefix, connectionIdLength } = resolveServerOptions({
      connectionId: { serverId: '0a0b', configRotation: 2 },
    });
    expect([...connectionIdPrefix]).toEqual([0x40, 0x0a, 0x0b]);
    expect(connectionIdLength).toBe(11);
  });

  it.each<[object, string]>([
    [{ maxConnections: 0 }, 'maxConnections: must be a whole number from 1'],
    [{ maxConnections: '5' }, 'maxConnections'],
    [{ handshakeTimeout: -1 }, 'handshakeTimeout'],
    [{ retry: 'sometimes' }, "retry: must be 'never', 'always' or 'auto'"],
    [{ retryAbove: 10, retryBelow: 11 }, 'retryBelow'],
    [{ statelessResetKey: Buffer.alloc(31) }, 'statelessResetKey: must be 32 bytes'],
    [{ connectionId: { serverId: 'xyz' } }, 'connectionId.serverId'],
    [{ connectionId: { serverId: Buffer.alloc(12) } }, 'connectionId.serverId'],
    [{ connectionId: { serverId: '00', configRotation: 7 } }, 'connectionId.configRotation'],
    [{ sessionTickets: 1 }, 'sessionTickets'],
    [{ SNICallback: 'x' }, 'SNICallback'],
    [{ quic: { congestionControl: 'bbr' } }, 'quic.congestionControl'],
    [{ qlogDir: 1 }, 'qlogDir'],
  ])('%j is refused', (options, message) => {
    expect(() => resolveServerOptions(options)).toThrow(
      expect.objectContaining({ code: 'UND_ERR_INVALID_ARG', message: expect.stringContaining(message) }),
    );
  });

  it('without key and certificate the server can be made, but not listen', () => {
    const server = createSecureServer({});
    expect(() => server.listen(0)).toThrow(/^key, cert: are missing/);
    expect(server.address()).toBeNull();
  });
});
