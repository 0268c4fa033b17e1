import { getSystemErrorName } from 'node:util';
import { asError, Http3Error, NativeError, NeqoReentryError, reportUncaught } from '../errors.js';
import { NativeResult, type NativeStats, Status } from '../native.js';
import type { NativeServerStats, NeqoHttp3Server } from '../native-server.js';
import type { UdpSocketListener } from '../transport/polled-udp-socket.js';
import { QuicTimer } from '../transport/quic-timer.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import { dispatchServerEvent, type ServerConnectionEvents } from './server-event-dispatch.js';
import { type PathAddresses, ServerEventReader } from './server-events.js';

/** Datagrams taken from the socket in one step, after which what they asked for is answered. */
const MAX_DATAGRAMS_IN = 256;
/** Datagrams sent in one step. */
const MAX_DATAGRAMS_OUT = 1024;
/** Times that work which leads to more is done before output: a stream is opened, written to, ended. */
const MAX_ROUNDS = 4;
/** As many at once are single messages, which are answered; more are a transfer, whose sender waits for acknowledgements. */
const MAX_MESSAGE_DATAGRAMS = 8;
/** Fits the events of a full batch of packets; one larger event makes native code replace the buffer. */
const EVENT_BUFFER_BYTES = 256 * 1024;
/** Errors of the socket that end the server; all others concern single datagrams, which QUIC sends again. */
const FATAL_ERRNO = new Set(['EBADF', 'ENOTSOCK']);

/** Something to be done in the engine's next turn: a response to send, a body to read on, a connection to close. */
export interface ServerWork {
  /** Called once for each time that it was queued, inside an entry point. */
  runInTurn(): void;
  /** The application acts on it in microtasks, and what it then wants to send belongs to the same turn. Default false. */
  readonly leadsToMore?: boolean;
}

/** What the driver needs of its socket. */
export interface ServerDriverSocket {
  asyncListen(listener: UdpSocketListener): void;
  waitForWritable(): void;
  close(): void;
}

/** Told of what concerns the server as a whole. Called inside entry points. */
export interface ServerDriverListener {
  /** A connection appeared. @returns who is told of its events, or undefined to refuse it */
  onConnection(handle: number, addresses: PathAddresses): ServerConnectionEvents | undefined;
  /** The handshake waits for the credential of this host ('': none was named). It is no connection yet. */
  onServerName(handle: number, name: string): void;
  /** A handshake that is no connection has ended, such as one whose credential nobody gave in time. */
  onHandshakeEnd(handle: number): void;
  /** The socket or the engine failed: nothing works any more. Called outside of entry points, once. */
  onFatalError(error: Http3Error): void;
}

/** Makes the engine over the arrays that it shares with JavaScript. */
export type CreateServerEngine = (status: Float64Array, events: Uint8Array) => NeqoHttp3Server;

/**
 * Drives the engine of one UDP socket, and hands its events to the connections they belong to.
 *
 * As on the client, the engine is touched only while `recvData`, `sendData` or `onQuicTimeoutExpired` is on the stack, and
 * these do not nest. What users do at any other time is queued ({@link queue}) and done in one turn after the present
 * events of the loop: many responses leave in one batch.
 */
export class Http3ServerDriver implements UdpSocketListener {
  readonly #service: SocketTransportService;
  readonly #socket: ServerDriverSocket;
  readonly #listener: ServerDriverListener;
  readonly #engine: NeqoHttp3Server;
  readonly #status = new Float64Array(Status.LENGTH);
  readonly #reader = new ServerEventReader();
  readonly #timer: QuicTimer;
  /** By handle. */
  readonly #connections: (ServerConnectionEvents | undefined)[] = [];
  #work: ServerWork[] = [];
  #entered = false;
  #sendScheduled = false;
  #requestsArrived = false;
  /** Something arrived on WebTransport sessions. */
  #messagesArrived = false;
  #rounds = 0;
  #failure: Http3Error | undefined;
  #ending = false;
  #destroyed = false;

  /** @throws what `create` throws */
  constructor(
    service: SocketTransportService,
    socket: ServerDriverSocket,
    create: CreateServerEngine,
    listener: ServerDriverListener,
  ) {
    this.#service = service;
    this.#socket = socket;
    this.#listener = listener;
    this.#engine = create(this.#status, Buffer.alloc(EVENT_BUFFER_BYTES));
    this.#timer = new QuicTimer(() => this.onQuicTimeoutExpired());
  }

  /** The native engine. @throws NeqoReentryError if no entry point is on the stack */
  get engine(): NeqoHttp3Server {
    if (!this.#entered) {
      throw new NeqoReentryError(
        'neqo was touched while none of recvData, sendData and onQuicTimeoutExpired was on the stack',
      );
    }
    return this.#engine;
  }

  /** The last `readData` reached the stream's end. */
  get fin(): boolean {
    return this.#status[Status.FIN] === 1;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Totals. Reading counters changes nothing and raises no event: it needs no entry point. */
  stats(): NativeServerStats | undefined {
    return this.#destroyed ? undefined : this.#engine.stats();
  }

  /** Counters of one connection. */
  connectionStats(handle: number): NativeStats | undefined {
    return this.#destroyed ? undefined : this.#engine.connectionStats(handle);
  }

  /** Begins to take datagrams, when what was queued before that is done. */
  start(): void {
    this.#socket.asyncListen(this);
    this.sendData();
  }

  /** Has `work` run in the coming turn. */
  queue(work: ServerWork): void {
    if (this.#destroyed) return;
    this.#work.push(work);
    if (!this.#entered) this.#resumeSend();
  }

  /** Passes a result on. @throws NativeError if the engine is of no more use */
  check(result: number, call: string): number {
    if (result === NativeResult.PANIC) throw new NativeError(`neqo ${call}: ${this.#engine.lastError()}`);
    return result;
  }

  onPacketReceived(): void {
    this.recvData();
  }

  onWritable(): void {
    this.sendData();
  }

  onSocketError(status: number): void {
    this.#fail(new Http3Error('UND_ERR_SOCKET', `Polling the UDP socket failed (uv error ${status})`));
  }

  /** Datagrams arrived. */
  recvData(): void {
    this.#step(this.#receive);
  }

  /** Datagrams of this server's connections, which another process has handed on, arrived. */
  recvForwarded(): void {
    this.#step(this.#receiveForwarded);
  }

  /** There is something to send, or something else to be done. */
  sendData(): void {
    this.#sendScheduled = false;
    this.#step(this.#send);
  }

  /** The engine's timer ran out. */
  onQuicTimeoutExpired(): void {
    this.#step(this.#output);
  }

  /** Frees the engine and the socket, at the end of the present step if there is one. Idempotent. */
  destroy(): void {
    this.#ending = true;
    if (this.#entered || this.#destroyed) return;
    this.#destroyed = true;
    this.#work = [];
    this.#timer.cancel();
    this.#engine.destroy();
    this.#socket.close();
  }

  readonly #receive = (): void => {
    // What was asked for before the datagrams came holds for them, such as a new certificate or a limit.
    this.#runWork();
    this.check(this.#engine.processInput(MAX_DATAGRAMS_IN), 'processInput');
    this.#afterInput();
  };

  readonly #receiveForwarded = (): void => {
    this.check(this.#engine.processForwarded(MAX_DATAGRAMS_IN), 'processForwarded');
    this.#afterInput();
  };

  readonly #send = (): void => {
    // What ends the server is sent before it ends.
    if (this.#runWork() && this.#rounds < MAX_ROUNDS && !this.#ending) {
      this.#rounds += 1;
      this.#sendScheduled = true;
      this.#service.dispatchAfterMicrotasks(this.#runSend);
      return;
    }
    this.#rounds = 0;
    this.#output();
  };

  readonly #output = (): void => {
    const status = this.#status;
    this.check(this.#engine.processOutput(MAX_DATAGRAMS_OUT), 'processOutput');
    if (status[Status.OUTPUT_BLOCKED] === 1) this.#socket.waitForWritable();
    else if (status[Status.OUTPUT_MORE] === 1) this.#resumeSend();
    else this.#timer.schedule(status[Status.TIMEOUT_MS] ?? -1);
    this.#checkErrno();
    // Sending raises events as well, such as the end of a connection.
    this.#processEvents();
  };

  #afterInput(): void {
    this.#checkErrno();
    this.#requestsArrived = false;
    this.#messagesArrived = false;
    this.#processEvents();
    const few = (this.#status[Status.DATAGRAMS_IN] ?? 0) <= MAX_MESSAGE_DATAGRAMS;
    // Handlers may answer in microtasks of this turn: acknowledgements wait for the answers, and leave in one batch.
    if (this.#requestsArrived || (this.#messagesArrived && few)) this.#resumeSend();
    else this.#send();
  }

  /** Runs one step inside the guard. */
  #step(step: () => void): void {
    // Nothing calls an entry point inside another: all of them are called by the event loop alone.
    if (this.#entered || this.#destroyed) return;
    this.#entered = true;
    try {
      step();
    } catch (error) {
      this.#failure ??=
        error instanceof Http3Error
          ? error
          : new NativeError(`A step of the server failed: ${asError(error).stack ?? String(error)}`);
    } finally {
      this.#entered = false;
    }
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else if (this.#ending) this.destroy();
    else if (this.#work.length > 0) this.#resumeSend();
  }

  /** @returns whether there may be more in this turn */
  #runWork(): boolean {
    const work = this.#work;
    let more = false;
    if (work.length === 0) return more;
    this.#work = [];
    for (const item of work) {
      if (item.leadsToMore === true) more = true;
      try {
        item.runInTurn();
      } catch (error) {
        this.#contain(error);
      }
    }
    return more;
  }

  #processEvents(): void {
    for (let length = this.#engine.nextEvents(); length !== 0; length = this.#engine.nextEvents()) {
      this.check(length, 'nextEvents');
      if (length < 0) throw new NativeError(`neqo nextEvents: ${this.#engine.lastError()}`);
      this.#reader.reset(this.#engine.eventBuffer(), length);
      while (this.#reader.advance()) {
        try {
          this.#dispatch(this.#reader);
        } catch (error) {
          this.#contain(error);
        }
      }
    }
  }

  #dispatch(event: ServerEventReader): void {
    const { handle } = event;
    const connection = this.#connections[handle];
    if (connection === undefined) this.#dispatchUnknown(event, handle);
    else {
      if (dispatchServerEvent(event, connection)) this.#requestsArrived = true;
      else if (connection.webTransport !== undefined) this.#messagesArrived = true;
      if (event.isEnd) this.#release(handle);
    }
  }

  /** The beginning of a connection, or what is left of one that was refused. */
  #dispatchUnknown(event: ServerEventReader, handle: number): void {
    if (event.isBeginning) {
      const connection = this.#listener.onConnection(handle, event.addresses());
      this.#connections[handle] = connection;
      if (connection === undefined) this.check(this.#engine.refuse(handle), 'refuse');
    } else if (event.isServerName) this.#listener.onServerName(handle, event.text());
    else if (event.isEnd) {
      // The handle is another's from its release on.
      try {
        this.#listener.onHandshakeEnd(handle);
      } finally {
        this.#release(handle);
      }
    }
  }

  #release(handle: number): void {
    this.#connections[handle] = undefined;
    this.#engine.release(handle);
  }

  /** One connection's defect is not the others'; but a broken engine is everybody's. */
  #contain(error: unknown): void {
    if (error instanceof NativeError) throw error;
    reportUncaught(error);
  }

  #checkErrno(): void {
    const errno = this.#status[Status.ERRNO] ?? 0;
    if (errno === 0) return;
    const code = getSystemErrorName(-errno);
    if (FATAL_ERRNO.has(code)) throw new NativeError(`The UDP socket failed: ${code}`);
  }

  #fail(error: Http3Error): void {
    if (this.#destroyed) return;
    this.destroy();
    this.#listener.onFatalError(error);
  }

  /** Has `sendData` called after the callbacks and microtasks of the present turn of the event loop. */
  #resumeSend(): void {
    if (this.#sendScheduled || this.#destroyed) return;
    this.#sendScheduled = true;
    this.#service.dispatch(this.#runSend);
  }

  readonly #runSend = (): void => {
    if (this.#sendScheduled) this.sendData();
  };
}
