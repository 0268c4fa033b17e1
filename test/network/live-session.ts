import { createHash } from 'node:crypto';
import { ConnectionError, type Http3Error } from '../../src/errors.js';
import { HttpTransaction, type ResponseConsumer } from '../../src/http/http-transaction.js';
import { parseOrigin } from '../../src/http/origin.js';
import { toRequestBody } from '../../src/http/request-body.js';
import { parseRequestHeaders } from '../../src/http/request-head.js';
import { Http3Session } from '../../src/session/http3-session.js';
import { QUIC_DEFAULTS } from '../../src/session/session-params.js';
import type { Http3SessionParams, SessionListener } from '../../src/session/session-types.js';
import { DEFAULT_PRIORITY } from '../../src/stream/transaction.js';
import { HttpConnectionUDP } from '../../src/transport/http-connection-udp.js';
import { socketTransportService } from '../../src/transport/socket-transport-service.js';
import { UdpSocket } from '../../src/transport/udp-socket.js';

/** How a request ended. */
export interface Transfer {
  readonly bytes: number;
  /** Of the body, in hex. */
  readonly sha256: string;
  /** The body's first bytes, as text. */
  readonly text: string;
  readonly error: Error | undefined;
}

/** A request under way. */
export interface RunningTransfer {
  /** Bytes of the response, and of the request. */
  readonly received: number;
  readonly sent: number;
  readonly done: Promise<Transfer>;
}

const KEPT_BYTES = 1024;

/** One connection with its turns as in the product, and without the pool that would replace it. */
export class LiveSession {
  readonly session: Http3Session;
  readonly #connection: HttpConnectionUDP;
  /** Times of the PINGs that were acknowledged, in milliseconds. */
  readonly pings: number[] = [];
  /** Why it is over. */
  closeReason: Http3Error | undefined;

  private constructor(
    host: string,
    port: number,
    params: Partial<Http3SessionParams>,
    localAddress: string | undefined,
    onConnected: () => void,
    onClosed: (reason: Http3Error) => void,
  ) {
    const service = socketTransportService();
    const socket = new UdpSocket(service, { localAddress, localPort: 0, remoteAddress: host, remotePort: port });
    this.#connection = new HttpConnectionUDP(service, socket);
    const listener: SessionListener = {
      ...IGNORING_LISTENER,
      onConnected,
      onPing: (_session, ms) => this.pings.push(ms),
      onClosed: (_session, reason) => {
        this.closeReason = reason;
        onClosed(reason);
      },
    };
    this.session = new Http3Session(
      { ...DEFAULT_PARAMS, ...params },
      this.#connection,
      { release: () => undefined },
      listener,
    );
    this.#connection.init(this.session);
  }

  /** @throws the error that the handshake failed with */
  static async open(
    port: number,
    {
      host = '127.0.0.1',
      localAddress,
      ...params
    }: Partial<Http3SessionParams> & { host?: string; localAddress?: string } = {},
  ): Promise<LiveSession> {
    let live: LiveSession | undefined;
    await new Promise<void>((resolve, reject) => {
      live = new LiveSession(host, port, params, localAddress, resolve, reject);
    });
    if (live === undefined) throw new Error('the constructor makes one');
    return live;
  }

  get localPort(): number {
    return this.#connection.socket.localPort;
  }

  get localAddress(): string {
    return this.#connection.socket.localAddress;
  }

  /** GETs `path`, or POSTs `body` there. */
  transfer(path: string, body?: Buffer): RunningTransfer {
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    let bytes = 0;
    let settle: (transfer: Transfer) => void = () => undefined;
    const done = new Promise<Transfer>((resolve) => {
      settle = resolve;
    });
    const end = (error?: Error) =>
      settle({ bytes, sha256: hash.digest('hex'), text: Buffer.concat(kept).toString(), error });
    const consumer: ResponseConsumer = {
      onRequestSent: () => undefined,
      onInterimHeaders: () => undefined,
      onHeaders: () => undefined,
      onData: (chunk) => {
        if (bytes < KEPT_BYTES) kept.push(Buffer.from(chunk));
        bytes += chunk.length;
        hash.update(chunk);
        return true;
      },
      onTrailers: () => undefined,
      onRequestEnd: () => undefined,
      onEnd: () => end(),
      onError: end,
    };
    const method = body === undefined ? 'GET' : 'POST';
    const request = parseRequestHeaders(parseOrigin('https://127.0.0.1'), { ':method': method, ':path': path });
    const limits = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 65_536 };
    const source = body === undefined ? undefined : toRequestBody(body);
    const transaction = new HttpTransaction(request, source, DEFAULT_PRIORITY, limits, consumer);
    this.session.addStream(transaction);
    return {
      get received() {
        return bytes;
      },
      get sent() {
        return transaction.bytesSent;
      },
      done,
    };
  }

  /** Ends it without waiting for the server. */
  destroy(): void {
    this.#connection.closeTransaction(new ConnectionError('ERR_TEST', 'The test is over'));
  }
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
  onEarlyData: () => undefined,
  onConnected: () => undefined,
  onGoaway: () => undefined,
  onRequestsCreatable: () => undefined,
  onResumptionToken: () => undefined,
  onActivityChanged: () => undefined,
  onClosed: () => undefined,
};
