import { addAbortListener, EventEmitter } from 'node:events';
import {
  ClientClosedError,
  ClientDestroyedError,
  type Http3Error,
  InvalidArgumentError,
  RequestAbortedError,
} from '../errors.js';
import { ConnectionDirectory } from '../http/connection-directory.js';
import { resolveConnectionOptions } from '../http/connection-options.js';
import type { ConnectTimings } from '../http/connection-race.js';
import { HttpTransaction } from '../http/http-transaction.js';
import { Http3Pool, type PoolListener } from '../http/http3-pool.js';
import { toIncomingHeaders } from '../http/incoming-headers.js';
import type { Origin } from '../http/origin.js';
import { PushBody, toRequestBody } from '../http/request-body.js';
import { type OutgoingHeaders, parseRequestHeaders } from '../http/request-head.js';
import type { ConnectionInfo, SessionStats } from '../session/session-types.js';
import { ClientHttp3Stream } from './client-stream.js';
import { type ConnectOptions, type RequestOptions, resolveLimits, resolvePriority } from './request-options.js';

/** Events of a {@link ClientHttp3Session}. */
export interface ClientHttp3SessionEvents {
  /** A connection is established: once, and again whenever a new one had to be made. */
  connect: [info: ConnectionInfo, timings: Readonly<ConnectTimings>];
  /** The server takes no new requests on the connection (GOAWAY); the session opens another when it needs one. */
  goaway: [];
  /**
   * The connection ended unasked: not after `goaway`, and not for `keepAliveTimeout`. The session lives on and opens another when
   * it needs one.
   */
  disconnect: [error: Http3Error];
  /** No connection could be made. The requests that waited for it have failed with the same error. */
  connectionError: [error: Http3Error];
  /** A PING was acknowledged (`pingInterval`); its round trip in milliseconds. */
  ping: [ms: number];
  /** The token store failed; only resumption suffers. */
  tokenStoreError: [error: unknown];
  /** Closed or destroyed, and all requests settled. Exactly once. */
  close: [];
}

/** Methods whose requests rarely have a body (RFC 9110 9.3): the writable side is ended unless `endStream` says otherwise. */
const BODILESS_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE']);

/**
 * HTTP/3 to one origin, in the manner of `node:http2`'s ClientHttp2Session. It has one connection at a time and makes a new
 * one when the present one ends or is told to go away; requests that the server has certainly not processed move to it.
 *
 * An idle session does not keep the process alive.
 */
export class ClientHttp3Session extends EventEmitter<ClientHttp3SessionEvents> {
  readonly #origin: Origin;
  readonly #options: ConnectOptions;
  readonly #pool: Http3Pool;
  readonly #closed: Promise<void>;
  #abortListener: Disposable | undefined;
  #destroyed = false;

  /** @internal Made by `connect`. */
  constructor(origin: Origin, options: ConnectOptions) {
    super();
    this.#origin = origin;
    this.#options = options;
    resolveLimits({}, options);
    this.#closed = new Promise((resolve) => this.once('close', resolve));
    this.#pool = new Http3Pool(
      origin,
      // Only the server limits the streams of the one connection.
      { maxConcurrentStreams: Number.POSITIVE_INFINITY, connection: resolveConnectionOptions(origin, options) },
      new ConnectionDirectory({ maxConnections: Number.POSITIVE_INFINITY, coalesce: false }),
      this.#listener,
    );
    const { signal } = options;
    if (signal !== undefined) {
      const abort = (): void =>
        this.destroy(new ClientDestroyedError('The session was aborted', { cause: signal.reason }));
      if (signal.aborted) process.nextTick(abort);
      else this.#abortListener = addAbortListener(signal, abort);
    }
    this.#pool.connect();
  }

  /** Serialised origin, for example `https://example.org`. */
  get origin(): string {
    return this.#origin.href;
  }

  /** A connection is established and takes requests. */
  get connected(): boolean {
    return this.#pool.current?.connected ?? false;
  }

  /** No new requests are taken. */
  get closed(): boolean {
    return this.#pool.closed;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Facts about the present connection; undefined while there is none. */
  get connection(): ConnectionInfo | undefined {
    return this.#pool.current?.info;
  }

  /** Requests that wait for a connection, and those on one. */
  get pendingRequests(): number {
    return this.#pool.state === 'connected' ? 0 : this.#pool.stats.queued;
  }

  get runningRequests(): number {
    const { size } = this.#pool.stats;
    return size - this.pendingRequests;
  }

  /**
   * Sends a request.
   *
   * @param headers pseudo-headers and fields; `:method` is GET by default, `:path` '/'
   * @returns the stream at once; a failure comes as its 'error' event
   * @throws InvalidArgumentError for headers, a body or options that cannot be used
   * @throws ClientClosedError, ClientDestroyedError if the session is closed
   */
  request(headers: OutgoingHeaders = {}, options: RequestOptions = {}): ClientHttp3Stream {
    if (this.#destroyed) throw new ClientDestroyedError();
    if (this.closed) throw new ClientClosedError();
    const priority = resolvePriority(options.priority);
    const parsed = parseRequestHeaders(this.#origin, headers, priority);
    const { method, scheme, authority, path } = parsed.head;
    const limits = resolveLimits(options, this.#options);
    const given = options.body === undefined ? undefined : toRequestBody(options.body);
    const endStream = options.endStream ?? BODILESS_METHODS.has(method);
    if (given !== undefined && options.endStream === true)
      throw new InvalidArgumentError('endStream: true contradicts a body');
    const pushed = given === undefined && !endStream ? new PushBody() : undefined;
    const sent = toIncomingHeaders([
      ':method',
      method,
      ':scheme',
      scheme,
      ':authority',
      authority,
      ':path',
      path,
      ...parsed.head.headers,
    ]);
    const stream = new ClientHttp3Stream(sent, pushed);
    const transaction = new HttpTransaction(parsed, given ?? pushed, priority, limits, stream.consumer);
    stream.attach(transaction);
    if (options.signal !== undefined) abortOn(options.signal, stream);
    if (!stream.destroyed) this.#pool.submit(transaction);
    return stream;
  }

  /** Statistics of the present connection; undefined while there is none. */
  stats(): Promise<SessionStats | undefined> {
    return this.#pool.current?.stats() ?? Promise.resolve(undefined);
  }

  /** Asks for a key update (RFC 9001 6); false if none is possible now. */
  updateKeys(): Promise<boolean> {
    return this.#pool.current?.initiateKeyUpdate() ?? Promise.resolve(false);
  }

  /** Takes no new requests, finishes those under way, then closes. Resolves when closed. */
  close(): Promise<void> {
    this.#pool.close();
    return this.#closed;
  }

  /** Ends everything at once; requests fail with `error`. */
  destroy(error: Http3Error = new ClientDestroyedError()): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#pool.destroy(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #listener: PoolListener = {
    onConnect: (info, timings) => {
      this.emit('connect', info, timings);
    },
    onGoaway: () => {
      this.emit('goaway');
    },
    onDisconnect: (error, expected) => {
      if (!expected) this.emit('disconnect', error);
    },
    onConnectFailed: (error) => {
      this.emit('connectionError', error);
    },
    onIdle: () => undefined,
    onDrain: () => undefined,
    onPing: (ms) => {
      this.emit('ping', ms);
    },
    onTokenStoreError: (error) => {
      this.emit('tokenStoreError', error);
    },
    onClose: () => {
      this.#abortListener?.[Symbol.dispose]();
      this.emit('close');
    },
  };
}

function abortOn(signal: AbortSignal, stream: ClientHttp3Stream): void {
  const abort = (): void => {
    stream.destroy(new RequestAbortedError('The request was aborted', { cause: signal.reason }));
  };
  if (signal.aborted) {
    abort();
    return;
  }
  const listener = addAbortListener(signal, abort);
  stream.once('close', () => listener[Symbol.dispose]());
}
