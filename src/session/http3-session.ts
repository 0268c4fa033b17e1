import { ConnectionError, type Http3Error, InvalidArgumentError, SocketError } from '../errors.js';
import { Http3State, NativeResult, Status } from '../native.js';
import { Http3Stream, type StreamSession } from '../stream/http3-stream.js';
import type { Priority, Transaction } from '../stream/transaction.js';
import { WebTransportMux } from '../stream/webtransport/webtransport-mux.js';
import type { UdpSession } from '../transport/http-connection-udp.js';
import { QuicTimer } from '../transport/quic-timer.js';
import { closeReasonToError } from './close-reason.js';
import { CommandQueue } from './command-queue.js';
import { NeqoDriver } from './neqo-driver.js';
import { type CloseEvent, dispatchNeqoEvent, type NeqoEventHandler } from './neqo-event-dispatch.js';
import { neqoParams } from './neqo-params.js';
import { ReadyToWriteQueue } from './ready-to-write-queue.js';
import { SessionActivity } from './session-activity.js';
import { SessionHandshake } from './session-handshake.js';
import { DEFAULT_PING_INTERVAL } from './session-probe.js';
import type {
  ConnectionHandle,
  ConnectionInfo,
  Http3SessionParams,
  Session,
  SessionConnection,
  SessionListener,
  SessionStats,
} from './session-types.js';
import { SessionUpkeep } from './session-upkeep.js';
import { SlowConsumerQueue } from './slow-consumer-queue.js';
import { socketError } from './socket-errors.js';
import { streamEvents } from './stream-events.js';
import { StreamTable } from './stream-table.js';
import { ClientWebTransportCarrier } from './webtransport-carrier.js';

/** Datagrams taken from the socket in one step: about 1.5 MB, after which JavaScript gets its turn. */
const MAX_DATAGRAMS_IN = 1024;
/** As many at once are answers to small requests; more are a transfer, whose sender waits for acknowledgements. */
const MAX_ANSWER_DATAGRAMS = 8;
/** Datagrams sent in one step. */
const MAX_DATAGRAMS_OUT = 1024;

const State = { INITIALIZING: 0, ZERORTT: 1, CONNECTED: 2, CLOSING: 3, CLOSED: 4 } as const;

/**
 * Owns the native connection and bridges it to the UDP connection below and the transactions above: necko's Http3Session.
 *
 * Everything that touches neqo runs inside `recvData`, `sendData` or `processOutputAndEvents`, which HttpConnectionUDP
 * calls. The rest registers what it wants and asks the connection for a turn.
 */
export class Http3Session implements Session, UdpSession, StreamSession {
  readonly #connection: SessionConnection;
  readonly #listener: SessionListener;
  readonly #driver: NeqoDriver;
  readonly #earlyData: boolean;
  readonly #handshake: SessionHandshake;
  readonly #timer: QuicTimer;
  readonly #streams = new StreamTable();
  readonly #readyForWrite = new ReadyToWriteQueue<Http3Stream>((stream) => stream.transaction.priority.urgency);
  readonly #slowConsumersReadyForRead = new SlowConsumerQueue<Http3Stream>();
  /** Work for the next `sendData`. */
  readonly #commands: CommandQueue;
  readonly #upkeep: SessionUpkeep;
  readonly #activity: SessionActivity;
  readonly #carrier: ClientWebTransportCarrier | undefined;
  readonly #eventHandler: NeqoEventHandler;
  readonly webTransport: WebTransportMux | undefined;
  #handle: ConnectionHandle | undefined;
  #state: (typeof State)[keyof typeof State] = State.INITIALIZING;
  #goaway = false;
  /** MAX_STREAMS is reached; RequestsCreatable lifts it. */
  #streamsBlocked = false;
  #processingPending = false;
  #awaited = true;
  #closeError: Http3Error | undefined;
  #closedReported = false;
  #socketError: Http3Error | undefined;
  #zeroRttEpoch = 0;
  #closedByUser = false;
  #lastStats: SessionStats | undefined;

  /** @throws Error with a `code` if the native connection cannot be made */
  constructor(
    params: Http3SessionParams,
    connection: SessionConnection,
    handle: ConnectionHandle,
    listener: SessionListener,
  ) {
    this.#connection = connection;
    this.#handle = handle;
    this.#listener = listener;
    this.#earlyData = params.earlyData;
    this.#driver = new NeqoDriver(neqoParams(params, connection.socket));
    this.#timer = new QuicTimer(() => connection.onQuicTimeoutExpired());
    this.#commands = new CommandQueue(() => connection.resumeSend());
    this.#handshake = new SessionHandshake(params, this.#driver, (command) => this.#commands.push(command));
    const pingInterval = params.pingInterval ?? DEFAULT_PING_INTERVAL;
    this.#upkeep = new SessionUpkeep(this, listener, this.#driver, connection.socket, this.#commands, pingInterval);
    this.#commands.push(() => {
      this.#handshake.begin();
      // The state after a token: requests that may go in 0-RTT leave with the first flight.
      this.processEvents();
    });
    this.#activity = new SessionActivity([connection.socket, this.#timer], () => listener.onActivityChanged(this));
    if (params.webTransport !== undefined) {
      this.#carrier = new ClientWebTransportCarrier(this.#driver, {
        requestTurn: () => connection.resumeSendLater(),
        close: (errorCode, reason) => this.close(errorCode, reason),
      });
      this.webTransport = new WebTransportMux(this.#carrier, 'client', params.webTransport.limits);
    }
    this.#eventHandler = {
      ...streamEvents(this.#streams, this.#readyForWrite, this.webTransport),
      requestsCreatable: () => {
        this.processPending();
        if (this.#streamsBlocked) return;
        listener.onRequestsCreatable(this);
        // MAX_STREAMS is for both: requests that wait go first.
        this.webTransport?.streamsCreatable(true);
      },
      authenticationNeeded: (publicName) => this.#handshake.authenticate(publicName),
      resumptionToken: (token, expires) =>
        listener.onResumptionToken(this, this.#handshake.toStoredToken(token, expires)),
      zeroRttRejected: () => this.#zeroRttRejected(),
      goawayReceived: () => this.#goawayReceived(),
      pingAcknowledged: (ms) => this.#upkeep.pingAcknowledged(ms),
      stateChange: (state, close) => this.#stateChanged(state, close),
    };
  }

  get connected(): boolean {
    return this.#state === State.CONNECTED;
  }

  get closed(): boolean {
    return this.#state >= State.CLOSING;
  }

  get canReuse(): boolean {
    return !this.#goaway && this.#closeError === undefined && this.#state <= State.CONNECTED;
  }

  get waitingCount(): number {
    return this.#streams.size - this.#streams.activeCount;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get blocked(): boolean {
    return this.#streamsBlocked;
  }

  get info(): ConnectionInfo | undefined {
    return this.#handshake.info(this.#connection.socket);
  }

  set awaited(awaited: boolean) {
    this.#awaited = awaited;
    this.#updateActivity();
  }

  enterNeqo(): boolean {
    return this.#driver.enter();
  }

  leaveNeqo(): void {
    this.#driver.leave();
  }

  recvData(): void {
    this.processSlowConsumers();
    this.processInput();
    this.processEvents();
    this.#writeReadyStreams();
    const few = (this.#driver.status[Status.DATAGRAMS_IN] ?? 0) <= MAX_ANSWER_DATAGRAMS;
    if (few && this.#state === State.CONNECTED && this.#socketError === undefined) {
      // Acknowledgements go out with what the consumers of an answer ask for next, before the event loop polls again.
      this.#connection.resumeSendLater();
    } else this.processOutputAndEvents();
  }

  sendData(): void {
    this.#commands.run();
    const more = this.#carrier?.runQueued() ?? false;
    this.#writeReadyStreams();
    if (more) this.#connection.resumeSendAfterMicrotasks();
    else this.processOutputAndEvents();
  }

  /** Also ends the other two: sending may raise events as well, such as the end of the connection. */
  processOutputAndEvents(): void {
    this.processOutput();
    this.processEvents();
    if (this.#socketError !== undefined) this.#socketLost(this.#socketError);
    if (this.#readyForWrite.size > 0) this.#connection.resumeSend();
  }

  /** Reads datagrams until the socket is empty, or the bound of one step is reached: polling then reports it again. */
  processInput(): void {
    this.#driver.check(this.#driver.conn.processInput(MAX_DATAGRAMS_IN), 'processInput');
    if (this.#driver.status[Status.DATAGRAMS_IN] !== 0) this.#upkeep.datagramsReceived();
    this.#checkErrno();
  }

  /** Sends what neqo has, and learns when it wants to be called again. */
  processOutput(): void {
    const { status } = this.#driver;
    this.#driver.check(this.#driver.conn.processOutput(MAX_DATAGRAMS_OUT), 'processOutput');
    if (status[Status.OUTPUT_BLOCKED] === 1) this.#connection.socket.waitForWritable();
    else if (status[Status.OUTPUT_MORE] === 1) this.#connection.resumeSendLater();
    else this.#timer.schedule(status[Status.TIMEOUT_MS] ?? -1);
    this.#checkErrno();
  }

  /** Handles all events, those included that handling them raises. Throws at the end if the connection is closed. */
  processEvents(): void {
    for (let events = this.#driver.nextEvents(); events !== undefined; events = this.#driver.nextEvents()) {
      while (events.advance()) dispatchNeqoEvent(events, this.#eventHandler);
    }
    if (this.#state === State.CLOSED)
      throw this.#closeError ?? new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'Closed');
  }

  /** Streams whose consumers have room again read on. */
  processSlowConsumers(): void {
    this.#slowConsumersReadyForRead.drain((stream) => stream.writeSegments());
  }

  /** Activates streams that waited for MAX_STREAMS, in order. */
  processPending(): void {
    this.#streamsBlocked = false;
    this.#processingPending = true;
    for (const stream of this.#streams.queued()) {
      stream.readSegments();
      if (this.#streamsBlocked) break;
    }
    this.#processingPending = false;
  }

  addStream(transaction: Transaction): void {
    const stream = new Http3Stream(this, transaction);
    this.#streams.add(stream);
    this.#updateActivity();
    this.streamReadyToWrite(stream);
  }

  tryActivating(stream: Http3Stream): boolean {
    const { transaction } = stream;
    const early = this.#state === State.ZERORTT;
    const mayOpen = early ? this.#earlyData && transaction.safeForEarlyData : this.#state === State.CONNECTED;
    const waitsItsTurn = !early && !this.#processingPending && this.#streams.queuedCount > 0;
    if (!mayOpen || this.#streamsBlocked || waitsItsTurn) {
      this.#streams.queue(stream);
      return false;
    }
    const { method, scheme, authority, path, headers } = transaction.requestHead;
    const { urgency, incremental } = transaction.initialPriority;
    const id = this.#driver.conn.fetch(method, scheme, authority, path, headers, urgency, incremental);
    if (id >= 0) {
      this.#streams.activate(stream, id);
      stream.onActivated(id, early);
      // Changed while the request waited: its header section was made before that.
      if (transaction.priority !== transaction.initialPriority) this.queuePriorityUpdate(stream, transaction.priority);
      return true;
    }
    if (id === NativeResult.STREAM_LIMIT) {
      this.#streamsBlocked = true;
      this.#streams.queue(stream);
    } else if (id === NativeResult.UNAVAILABLE || id === NativeResult.INVALID_STATE) {
      this.#unprocessed(
        stream,
        new ConnectionError('ERR_HTTP3_GOAWAY', 'The connection takes no new requests', { safeToRetry: true }),
      );
    } else {
      this.#driver.check(id, 'fetch');
      throw new InvalidArgumentError(`neqo refused the request: ${this.#driver.lastError()}`);
    }
    return false;
  }

  /** Puts a stream on the ready-to-write queue and asks for `sendData`. */
  streamReadyToWrite(stream: Http3Stream): void {
    this.#readyForWrite.add(stream);
    this.#connection.resumeSend();
  }

  transactionHasDataToWrite(stream: Http3Stream): void {
    this.streamReadyToWrite(stream);
  }

  /** A consumer has room again: necko's TransactionHasDataToRecv. */
  transactionHasDataToRecv(stream: Http3Stream): void {
    this.#slowConsumersReadyForRead.add(stream);
    this.#connection.resumeRecv();
  }

  sendRequestBody(stream: Http3Stream, data: Uint8Array, offset: number, length: number): number {
    if (stream.id === undefined) return 0;
    const sent = this.#driver.check(
      this.#driver.conn.sendRequestBody(stream.id, data, offset, length),
      'sendRequestBody',
    );
    // A negative result: neqo has closed that side already, and the Reset or StopSending event comes next.
    return Math.max(0, sent);
  }

  readResponseData(stream: Http3Stream, into: Uint8Array, offset: number, length: number): number {
    if (stream.id === undefined) return 0;
    const read = this.#driver.check(
      this.#driver.conn.readResponseData(stream.id, into, offset, length),
      'readResponseData',
    );
    if (read < 0) return 0;
    stream.finReceived = this.#driver.status[Status.FIN] === 1;
    return read;
  }

  closeSendingSide(stream: Http3Stream): void {
    if (stream.id !== undefined) this.#driver.check(this.#driver.conn.closeStream(stream.id), 'closeStream');
  }

  resetStream(stream: Http3Stream, errorCode: number): void {
    if (stream.id !== undefined) this.#driver.check(this.#driver.conn.cancelFetch(stream.id, errorCode), 'cancelFetch');
  }

  /** Forgets a stream, wherever it is registered. */
  removeStream(stream: Http3Stream): void {
    this.#streams.delete(stream);
    this.#readyForWrite.delete(stream);
    this.#slowConsumersReadyForRead.delete(stream);
    this.#updateActivity();
  }

  cancelStream(stream: Http3Stream, errorCode: number): void {
    this.removeStream(stream);
    if (!stream.activated) return;
    const epoch = this.#zeroRttEpoch;
    this.#commands.push(() => {
      // After a rejected 0-RTT neqo gives the same ids to other requests.
      if (epoch === this.#zeroRttEpoch) this.resetStream(stream, errorCode);
    });
  }

  queuePriorityUpdate(stream: Http3Stream, priority: Priority): void {
    this.#commands.push(() => {
      if (stream.id === undefined || stream.closed) return;
      this.#driver.check(
        this.#driver.conn.priorityUpdate(stream.id, priority.urgency, priority.incremental),
        'priorityUpdate',
      );
    });
  }

  stats(): Promise<SessionStats | undefined> {
    return this.#commands.ask(
      () => this.#driver.conn.stats(),
      () => this.#lastStats,
    );
  }

  initiateKeyUpdate(): Promise<boolean> {
    return this.#commands.ask(
      () => this.#driver.conn.initiateKeyUpdate() === NativeResult.OK,
      () => false,
    );
  }

  rebind(): Promise<boolean> {
    return this.#upkeep.rebind();
  }

  ping(): Promise<number | undefined> {
    return this.#upkeep.ping();
  }

  probe(): void {
    this.#upkeep.probe();
  }

  close(errorCode: number, reason: Http3Error, immediately = false): void {
    this.#closeError ??= reason;
    this.#closedByUser = true;
    this.#commands.push(() => {
      // neqo waits for a NEW_TOKEN frame before it hands out a token by itself; a short connection takes it as it is.
      const token = this.connected ? this.#driver.conn.takeResumptionToken() : undefined;
      if (token !== undefined) this.#eventHandler.resumptionToken(token.token, token.expires);
      this.#driver.conn.close(errorCode, '');
      if (!immediately) return;
      this.processOutput();
      throw reason;
    });
    // What the present step still has for the streams is nobody's any more.
    if (immediately) for (const stream of this.#streams.all()) stream.close(reason);
  }

  /** HttpConnectionUDP ends: all streams learn why, the native connection is freed, the handle released. Idempotent. */
  shutdown(reason: Http3Error): void {
    this.#state = State.CLOSED;
    this.#closeError ??= reason;
    this.#timer.cancel();
    this.#finish(this.#closeError);
    this.#lastStats = this.#driver.destroy() ?? this.#lastStats;
    const handle = this.#handle;
    this.#handle = undefined;
    handle?.release();
  }

  #stateChanged(state: number, close: CloseEvent): void {
    if (state === Http3State.ZERO_RTT) {
      this.#state = State.ZERORTT;
      if (this.#earlyData) this.#listener.onEarlyData(this);
    } else if (state === Http3State.CONNECTED) {
      this.#handshake.connected();
      this.#state = State.CONNECTED;
      this.#upkeep.begin();
      this.#listener.onConnected(this);
      this.processPending();
      // Last: an idle connection is closed unless its owner knows by now that it is the present one.
      this.#updateActivity();
    } else if (state === Http3State.CLOSING || state === Http3State.CLOSED) {
      this.#handshake.closed(close);
      this.#closeError ??= this.#handshake.error ?? closeReasonToError(close, this.#handshake.established);
      this.#state = state === Http3State.CLOSING ? State.CLOSING : State.CLOSED;
      this.#finish(this.#closeError);
    }
  }

  #zeroRttRejected(): void {
    this.#handshake.earlyDataRejected();
    this.#zeroRttEpoch += 1;
    for (const stream of this.#streams.deactivateAll()) {
      stream.onZeroRttRejected();
      this.#streams.queue(stream);
    }
    // Back to before the handshake's end: the streams are activated again when the connection is established.
    this.#state = State.INITIALIZING;
  }

  #goawayReceived(): void {
    if (this.#goaway) return;
    this.#goaway = true;
    this.#listener.onGoaway(this);
    const reason = new ConnectionError('ERR_HTTP3_GOAWAY', 'The server takes no new requests (GOAWAY)', {
      safeToRetry: true,
    });
    for (const stream of this.#streams.notActivated()) this.#unprocessed(stream, reason);
    this.webTransport?.goawayReceived();
  }

  /** neqo never had this stream's request: the transaction may go to another connection. */
  #unprocessed(stream: Http3Stream, reason: Http3Error): void {
    stream.close(new SocketError(reason.message, { cause: reason, safeToRetry: true }));
  }

  #writeReadyStreams(): void {
    this.#readyForWrite.drain((stream) => stream.readSegments());
  }

  #checkErrno(): void {
    const errno = this.#driver.status[Status.ERRNO] ?? 0;
    if (errno === 0) return;
    this.#upkeep.socketFailed(errno);
    this.#socketError ??= socketError(errno, this.#handshake.established, this.#connection.socket);
  }

  /** The socket is of no more use; what had arrived before that still counts. */
  #socketLost(error: Http3Error): never {
    this.processInput();
    this.processEvents();
    throw error;
  }

  /** The connection is over for its users: every stream fails with the reason, exactly once. */
  #finish(reason: Http3Error): void {
    if (this.#closedReported) return;
    this.#closedReported = true;
    this.#commands.end();
    this.#upkeep.end();
    this.#carrier?.end();
    // Before their CONNECT streams, which know less of the reason.
    this.webTransport?.connectionLost(reason);
    const { errorCode, errorName } = reason;
    for (const stream of this.#streams.all()) {
      if (!this.#handshake.established || this.#closedByUser) stream.close(reason);
      else if (!stream.activated) this.#unprocessed(stream, reason);
      else
        stream.close(
          new SocketError(`The connection was lost: ${reason.message}`, { cause: reason, errorCode, errorName }),
        );
    }
    this.#updateActivity();
    this.#listener.onClosed(this, reason, this.#handshake.echRetryConfig);
  }

  /** Busy while shaking hands that someone waits for, or carrying streams; only then does the connection keep the process alive. */
  #updateActivity(): void {
    const shaking = this.#awaited && this.#state < State.CONNECTED;
    const busy = !this.#closedReported && (shaking || this.#streams.size > 0);
    this.#activity.update(busy);
  }
}
