import { EventEmitter } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Http3Error } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import { ConnectionRegistry } from '../../../src/server/connection-registry.js';
import { Http3ServerSession, type SessionOwner } from '../../../src/server/server-session.js';
import type { ServerHttp3Stream } from '../../../src/server/server-types.js';
import type { ServerWebTransportOptions } from '../../../src/server/webtransport/webtransport-options.js';
import { resolveServerWebTransport } from '../../../src/server/webtransport/webtransport-options.js';
import { WebTransportService } from '../../../src/server/webtransport/webtransport-service.js';
import { Http3ServerDriver } from '../../../src/session/http3-server-driver.js';
import { socketTransportService } from '../../../src/transport/socket-transport-service.js';
import { FakeVirtualFdCalls } from '../virtual-fd/fake-virtual-fd-calls.js';
import { ScriptedEngine } from './scripted-engine.js';

/** The request that tests make: `GET /`. */
export const GET = [':method', 'GET', ':scheme', 'https', ':authority', 'test', ':path', '/'];
export const POST = [':method', 'POST', ':scheme', 'https', ':authority', 'test', ':path', '/'];
const FIN = 2;

/** A driver and sessions over a {@link ScriptedEngine}: each step is the test's to take. */
export class ScriptedServer extends EventEmitter {
  readonly driver: Http3ServerDriver;
  readonly sessions: Http3ServerSession[] = [];
  readonly fatal: Http3Error[] = [];
  /** Refuse the next connection. */
  refusing = false;
  /** With the option; the events of a server are this object's. */
  readonly webTransport: WebTransportService | undefined;
  #engine: ScriptedEngine | undefined;

  constructor(
    onStream: (stream: ServerHttp3Stream, headers: object) => void,
    webTransport?: boolean | ServerWebTransportOptions,
  ) {
    super();
    const options = resolveServerWebTransport(webTransport);
    this.webTransport = options && new WebTransportService(this, options, false);
    const socket = { asyncListen: ignore, waitForWritable: ignore, close: ignore };
    const registry = new ConnectionRegistry(
      { maxConnections: 10, virtualFds: { mode: 'session' }, onConnect: ignore, onClose: ignore },
      new FakeVirtualFdCalls(),
    );
    this.driver = new Http3ServerDriver(
      socketTransportService(),
      socket,
      (status, events) => {
        this.#engine = new ScriptedEngine(status, events);
        return this.#engine.native;
      },
      {
        onConnection: (handle, addresses) => {
          if (this.refusing) return undefined;
          const session = new Http3ServerSession(
            owner,
            handle,
            registry.open({ ...addresses, onSocketClosed: ignore }),
          );
          this.sessions.push(session);
          return session;
        },
        onServerName: (handle, name) => this.emit('name', handle, name),
        onHandshakeEnd: (handle) => this.emit('handshakeEnd', handle),
        onFatalError: (error) => this.fatal.push(error),
      },
    );
    const owner: SessionOwner = {
      driver: this.driver,
      limits: { maxHeaderSize: 1000, maxHeaderListPairs: 10 },
      sendDate: false,
      webTransport: this.webTransport,
      onSession: ignore,
      onStream: (stream, headers) => {
        onStream(stream, headers);
        return true;
      },
      onRequestBegun: ignore,
      onRequestEnded: ignore,
      onTimeout: () => false,
      onSessionError: ignore,
      onHandshakeError: ignore,
      onGone: ignore,
    };
    onTestFinished(() => this.driver.destroy());
  }

  get engine(): ScriptedEngine {
    if (this.#engine === undefined) throw new Error('the driver made no engine');
    return this.#engine;
  }

  /** A connection, and a request on it. */
  request(fields: readonly string[], fin: boolean, streamId = 0): void {
    this.connect();
    this.engine.script({ kind: ServerEventKind.REQUEST, handle: 0, streamId, fields, flags: fin ? FIN : 0 });
    this.driver.recvData();
  }

  /** Has a connection appear with the next events, if there is none. */
  connect(): void {
    if (this.sessions.length > 0) return;
    this.engine.script({ kind: ServerEventKind.CONNECTION, handle: 0, text: ADDRESSES });
  }

  /** The calls since the last time, without 'output'. */
  takeCalls(): string[] {
    return this.engine.calls.splice(0).filter((call) => call !== 'output');
  }
}

export const ADDRESSES = '192.0.2.1 1234 192.0.2.2 443';

function ignore(): void {
  // Not wanted.
}
