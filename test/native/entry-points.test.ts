import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionError, NeqoReentryError } from '../../src/errors.js';
import { Http3Session } from '../../src/session/http3-session.js';
import { QUIC_DEFAULTS } from '../../src/session/session-params.js';
import type { SessionListener } from '../../src/session/session-types.js';
import { HttpConnectionUDP } from '../../src/transport/http-connection-udp.js';
import { socketTransportService } from '../../src/transport/socket-transport-service.js';
import { UdpSocket } from '../../src/transport/udp-socket.js';

const PARAMS = {
  serverName: 'localhost',
  trustAnchors: undefined,
  idleTimeout: 1000,
  quic: QUIC_DEFAULTS,
  qlogDir: '',
  resumptionToken: undefined,
  earlyData: false,
  echConfigList: undefined,
};
const LISTENER: SessionListener = {
  onEarlyData: () => undefined,
  onConnected: () => undefined,
  onGoaway: () => undefined,
  onRequestsCreatable: () => undefined,
  onResumptionToken: () => undefined,
  onActivityChanged: () => undefined,
  onClosed: () => undefined,
};
const OVER = new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The test is over');

describe('neqo is touched only while recvData, sendData or onQuicTimeoutExpired of the connection is on the stack', () => {
  let connection: HttpConnectionUDP;
  let session: Http3Session;
  let released: number;

  beforeEach(() => {
    const service = socketTransportService();
    const addresses = { localAddress: '127.0.0.1', localPort: 0, remoteAddress: '127.0.0.1', remotePort: 9 };
    connection = new HttpConnectionUDP(service, new UdpSocket(service, addresses));
    released = 0;
    const handle = {
      release: () => {
        released += 1;
      },
    };
    session = new Http3Session(PARAMS, connection, handle, LISTENER);
  });

  afterEach(() => {
    connection.closeTransaction(OVER);
    session.shutdown(OVER);
  });

  test.each([
    'recvData',
    'sendData',
    'processOutputAndEvents',
    'processInput',
    'processOutput',
    'processEvents',
  ] as const)('session.%s throws when it is called by anyone else', (name) => {
    expect(() => session[name]()).toThrow(NeqoReentryError);
    expect(() => session[name]()).toThrow(expect.objectContaining({ code: 'ERR_NEQO_REENTRY' }));
  });

  test('an entry point called inside another one waits for a turn of its own', () => {
    expect(session.enterNeqo()).toBe(true);
    connection.init(session);
    // As user code does that runs in a callback of the step that is under way: nothing throws, nothing happens.
    connection.recvData();
    connection.sendData();
    connection.onQuicTimeoutExpired();
    session.leaveNeqo();
    expect(connection.closed).toBe(false);
    expect(released).toBe(0);
  });

  test('a shutdown inside a step ends the connection when the step is done, and once', () => {
    let steps = 0;
    connection.init({
      enterNeqo: () => true,
      leaveNeqo: () => undefined,
      recvData: () => {
        steps += 1;
        connection.closeTransaction(OVER);
        connection.closeTransaction(OVER);
        expect(connection.closed).toBe(false);
      },
      sendData: () => undefined,
      processOutputAndEvents: () => undefined,
      shutdown: () => {
        steps += 1;
      },
    });
    connection.recvData();
    expect(connection.closed).toBe(true);
    expect(steps).toBe(2);
    connection.recvData();
    expect(steps).toBe(2);
  });
});
