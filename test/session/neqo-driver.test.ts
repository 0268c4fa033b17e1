import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NeqoReentryError } from '../../src/errors.js';
import { NeqoDriver } from '../../src/session/neqo-driver.js';
import { neqoParams } from '../../src/session/neqo-params.js';
import { QUIC_DEFAULTS } from '../../src/session/session-params.js';
import { socketTransportService } from '../../src/transport/socket-transport-service.js';
import { UdpSocket } from '../../src/transport/udp-socket.js';

describe('the guard of the invariant: neqo is touched only inside its entry points', () => {
  let socket: UdpSocket;
  let driver: NeqoDriver;

  beforeEach(() => {
    socket = new UdpSocket(socketTransportService(), {
      localAddress: '127.0.0.1',
      localPort: 0,
      remoteAddress: '127.0.0.1',
      remotePort: 9,
    });
    const params = {
      serverName: 'localhost',
      trustAnchors: undefined,
      idleTimeout: 1000,
      quic: QUIC_DEFAULTS,
      qlogDir: '',
      resumptionToken: undefined,
      earlyData: false,
      echConfigList: undefined,
    };
    driver = new NeqoDriver(neqoParams(params, socket));
  });

  afterEach(() => {
    driver.destroy();
    socket.close();
  });

  it('throws when neqo is touched while no entry point is on the stack', () => {
    expect(() => driver.conn).toThrow(NeqoReentryError);
    expect(() => driver.nextEvents()).toThrow(NeqoReentryError);
  });

  it('lets an entry point in, and throws again after it', () => {
    expect(driver.enter()).toBe(true);
    expect(driver.conn.state()).toBe(0);
    driver.leave();
    expect(() => driver.conn).toThrow(NeqoReentryError);
  });

  it('does not let entry points nest', () => {
    expect(driver.enter()).toBe(true);
    expect(driver.enter()).toBe(false);
    driver.leave();
    expect(driver.enter()).toBe(true);
    driver.leave();
  });

  it('lets nobody in after destroy', () => {
    driver.destroy();
    driver.destroy();
    expect(driver.enter()).toBe(false);
  });
});
