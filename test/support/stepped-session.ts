import { ConnectionError } from '../../src/errors.js';
import { HttpTransaction, type ResponseConsumer } from '../../src/http/http-transaction.js';
import { parseOrigin } from '../../src/http/origin.js';
import { type OutgoingHeaders, parseRequestHeaders } from '../../src/http/request-head.js';
import { Http3Session } from '../../src/session/http3-session.js';
import { QUIC_DEFAULTS } from '../../src/session/session-params.js';
import type { Http3SessionParams, SessionListener } from '../../src/session/session-types.js';
import { DEFAULT_PRIORITY } from '../../src/stream/transaction.js';
import { socketTransportService } from '../../src/transport/socket-transport-service.js';
import { UdpSocket } from '../../src/transport/udp-socket.js';

/** A request of a {@link SteppedSession}: what it was told, in order. */
export interface SteppedRequest {
  readonly transaction: HttpTransaction;
  /** sent ID, headers, trailers, end, error CODE. */
  readonly events: readonly string[];
}

/**
 * A session whose turns are a test's to give: it is never called because it asked for it, only by its timer. What has to
 * happen within a turn can so be told from what happens later.
 */
export class SteppedSession {
  readonly session: Http3Session;
  /** What ended the connection. */
  failure: unknown;
  readonly #socket: UdpSocket;
  #onReadable: () => void = () => undefined;

  /** @param port of a server at 127.0.0.1, whose certificate is not looked at */
  constructor(port: number, params: Partial<Http3SessionParams> = {}, listener: Partial<SessionListener> = {}) {
    this.#socket = new UdpSocket(socketTransportService(), {
      localAddress: undefined,
      localPort: 0,
      remoteAddress: '127.0.0.1',
      remotePort: port,
    });
    const connection = {
      socket: this.#socket,
      resumeSend: ignore,
      resumeSendLater: ignore,
      resumeSendAfterMicrotasks: ignore,
      resumeRecv: ignore,
      onQuicTimeoutExpired: () => this.#step(() => this.session.processOutputAndEvents()),
    };
    this.session = new Http3Session(
      { ...DEFAULT_PARAMS, ...params },
      connection,
      { release: ignore },
      { ...IGNORING_LISTENER, ...listener },
    );
    // Level-triggered: reported again until somebody reads.
    this.#socket.asyncListen({
      onPacketReceived: () => this.#onReadable(),
      onWritable: ignore,
      onSocketError: ignore,
    });
    // The session lets go of it when idle; the test waits for it.
    this.#socket.ref();
  }

  /** Adds a GET. */
  request(path = '/'): SteppedRequest {
    const events: string[] = [];
    const consumer: ResponseConsumer = {
      onRequestSent: (id) => events.push(`sent ${id}`),
      onInterimHeaders: ignore,
      onHeaders: () => events.push('headers'),
      onData: () => true,
      onTrailers: () => events.push('trailers'),
      onRequestEnd: ignore,
      onEnd: () => events.push('end'),
      onError: (error) => events.push(`error ${'code' in error ? String(error.code) : error.message}`),
    };
    const headers: OutgoingHeaders = { ':path': path };
    const parsed = parseRequestHeaders(parseOrigin('https://127.0.0.1'), headers);
    const limits = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 65_536 };
    const transaction = new HttpTransaction(parsed, undefined, DEFAULT_PRIORITY, limits, consumer);
    this.session.addStream(transaction);
    return { transaction, events };
  }

  send(): void {
    this.#step(() => this.session.sendData());
  }

  /** Waits for datagrams, and has them read. */
  async receive(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onReadable = resolve;
    });
    this.#onReadable = ignore;
    this.receiveNow();
  }

  /** Has read what is there, which may be nothing. */
  receiveNow(): void {
    this.#step(() => this.session.recvData());
  }

  /** Frees everything. */
  destroy(): void {
    this.session.shutdown(new ConnectionError('ERR_TEST', 'The test is over'));
    this.#socket.close();
  }

  #step(step: () => void): void {
    if (!this.session.enterNeqo()) throw new Error('a step inside another');
    try {
      step();
    } catch (error) {
      this.failure ??= error;
    } finally {
      this.session.leaveNeqo();
    }
  }
}

function ignore(): void {
  // Not wanted.
}

const DEFAULT_PARAMS: Http3SessionParams = {
  serverName: '127.0.0.1',
  trustAnchors: undefined,
  idleTimeout: 30_000,
  quic: QUIC_DEFAULTS,
  qlogDir: '',
  resumptionToken: undefined,
  earlyData: false,
  echConfigList: undefined,
};

const IGNORING_LISTENER: SessionListener = {
  onEarlyData: ignore,
  onConnected: ignore,
  onGoaway: ignore,
  onRequestsCreatable: ignore,
  onResumptionToken: ignore,
  onActivityChanged: ignore,
  onClosed: ignore,
};
