import { asError, ConnectionError, Http3Error, NativeError } from '../errors.js';
import type { UdpSocketListener } from './polled-udp-socket.js';
import type { SocketTransportService } from './socket-transport-service.js';
import type { UdpSocket } from './udp-socket.js';

/** What a connection needs of the session it carries. Http3Session implements it. */
export interface UdpSession {
  /** Marks that an entry point is on the stack; false if one is already. */
  enterNeqo(): boolean;
  leaveNeqo(): void;
  /** The three drivers. They throw an Http3Error when the connection is lost. */
  recvData(): void;
  sendData(): void;
  processOutputAndEvents(): void;
  /** Ends everything on the session with `reason` and drops its connection handler. Idempotent. */
  shutdown(reason: Http3Error): void;
}

/**
 * One QUIC connection as the connection manager sees it: necko's HttpConnectionUDP.
 *
 * `recvData`, `sendData` and `onQuicTimeoutExpired` are the only ways to neqo: one of them is on the stack whenever it is
 * touched, since they alone clean up after an error. Everyone else asks for a turn with {@link resumeSend} or
 * {@link resumeRecv}.
 */
export class HttpConnectionUDP implements UdpSocketListener {
  readonly socket: UdpSocket;
  readonly #service: SocketTransportService;
  #session: UdpSession | undefined;
  #sendScheduled = false;
  #recvScheduled = false;
  #driving = false;
  #closeReason: Http3Error | undefined;
  #closed = false;

  constructor(service: SocketTransportService, socket: UdpSocket) {
    this.#service = service;
    this.socket = socket;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Gives the connection its session and starts the handshake. */
  init(session: UdpSession): void {
    this.#session = session;
    this.socket.asyncListen(this);
    this.resumeSend();
  }

  onPacketReceived(): void {
    this.recvData();
  }

  onWritable(): void {
    this.sendData();
  }

  onSocketError(status: number): void {
    this.closeTransaction(new ConnectionError('UND_ERR_SOCKET', `Polling the UDP socket failed (uv error ${status})`));
  }

  /** Packets arrived, or a consumer has room again. */
  recvData(): void {
    this.#recvScheduled = false;
    this.#drive(RECV);
  }

  /** Streams have something to send, or the session has. */
  sendData(): void {
    this.#sendScheduled = false;
    this.#drive(SEND);
  }

  /** neqo's timer ran out. */
  onQuicTimeoutExpired(): void {
    this.#drive(TIMEOUT);
  }

  /** Has `sendData` called once the present stack is done: everything asked for in one turn goes out together. */
  resumeSend(): void {
    if (this.#sendScheduled || this.#closed) return;
    this.#sendScheduled = true;
    queueMicrotask(this.#runSend);
  }

  /** Has `sendData` called in a later turn of the event loop: for more output than one turn may send. */
  resumeSendLater(): void {
    if (this.#sendScheduled || this.#closed) return;
    this.#sendScheduled = true;
    this.#service.dispatch(this.#runSend);
  }

  /** Has `sendData` called in this turn of the event loop, after what the application does in microtasks of its own. */
  resumeSendAfterMicrotasks(): void {
    if (this.#sendScheduled || this.#closed) return;
    this.#sendScheduled = true;
    this.#service.dispatchAfterMicrotasks(this.#runSend);
  }

  /**
   * Has `recvData` called in the next turn of the event loop: ForceRecv. It is not a microtask, since a consumer that
   * resumes from a microtask of its own would keep the event loop from ever getting on.
   */
  resumeRecv(): void {
    if (this.#recvScheduled || this.#closed) return;
    this.#recvScheduled = true;
    this.#service.dispatch(this.#runRecv);
  }

  /**
   * Ends the connection with `reason`: the session ends its streams and drops its handler, and that reclaims us. Called
   * from inside a step, it takes effect when the step is done. Idempotent.
   */
  closeTransaction(reason: Http3Error): void {
    if (this.#closed) return;
    if (this.#driving) {
      this.#closeReason ??= reason;
      return;
    }
    this.#closed = true;
    try {
      this.#session?.shutdown(reason);
    } finally {
      this.socket.close();
    }
  }

  #drive(step: Step): void {
    const session = this.#session;
    if (session === undefined || this.#closed) return;
    if (!session.enterNeqo()) {
      // Reached from a callback of user code inside another step: the work waits for a stack of its own.
      if (step === RECV) this.resumeRecv();
      else this.resumeSend();
      return;
    }
    this.#driving = true;
    try {
      if (step === RECV) session.recvData();
      else if (step === SEND) session.sendData();
      else session.processOutputAndEvents();
    } catch (error) {
      this.#closeReason ??=
        error instanceof Http3Error
          ? error
          : new NativeError(`${step} failed: ${asError(error).stack ?? String(error)}`);
    } finally {
      this.#driving = false;
      session.leaveNeqo();
    }
    if (this.#closeReason !== undefined) this.closeTransaction(this.#closeReason);
  }

  readonly #runSend = (): void => {
    if (this.#sendScheduled) this.sendData();
  };

  readonly #runRecv = (): void => {
    if (this.#recvScheduled) this.recvData();
  };
}

const RECV = 'recvData';
const SEND = 'sendData';
const TIMEOUT = 'onQuicTimeoutExpired';
type Step = typeof RECV | typeof SEND | typeof TIMEOUT;
