import { EventEmitter } from 'node:events';
import type { Http2SecureServer } from 'node:http2';
import { type AddressInfo, isIPv6 } from 'node:net';
import { asError, type Http3Error, InvalidArgumentError, ServerStateError } from '../errors.js';
import { count, MAX_TIME } from '../http/option-checks.js';
import { type RequestListener, toStreamListener } from './compat/request-listener.js';
import type { ConnectionEntry } from './connection-entry.js';
import { CredentialStore } from './credential-store.js';
import type { CredentialOptions } from './credentials.js';
import { type ListenCall, type ListenOptions, parseListenCall, resolveHost } from './listen-options.js';
import { checkQlogDirectory } from './qlog-directory.js';
import { type EndpointServer, type EndpointStats, ServerEndpoint } from './server-endpoint.js';
import { type ResolvedServerOptions, resolveServerOptions, type ServerOptions } from './server-options.js';
import type { Connection } from './server-types.js';
import { TcpSibling } from './tcp-sibling.js';
import type { WebTransportServerSession } from './webtransport/webtransport-server-session.js';
import { type ServerWebTransportStats, WebTransportService } from './webtransport/webtransport-service.js';
import { WorkerPool, type WorkerPoolStats } from './workers/worker-pool.js';

/** Figures of a server. */
export interface ServerStats extends EndpointStats {
  readonly workers: WorkerPoolStats | undefined;
  /** Undefined without the option. */
  readonly webTransport: ServerWebTransportStats | undefined;
}

/** Ports tried until one is free for both UDP and TCP. */
const MAX_PORT_ATTEMPTS = 10;
/** Families that this system may not have: the next address is tried. */
const NO_FAMILY = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/**
 * An HTTP/3 server in the manner of `node:http2`'s Http2SecureServer.
 *
 * Events: 'listening', 'connect' (connection) and 'disconnect' (connection, {code, error}) exactly once for each QUIC connection,
 * 'session' (session), 'stream' (stream, headers, flags, rawHeaders), 'request' (request, response), 'checkContinue',
 * 'checkExpectation', 'connectRequest' (a CONNECT request, response), 'webtransport' (a WebTransportRequest), 'sessionError' (error, session), 'handshakeError' (error,
 * session), 'drop' (addresses and why a connection was refused), 'timeout' (session), 'fdWarning', 'workerError', 'error', 'close'.
 */
export class Http3SecureServer extends EventEmitter implements EndpointServer {
  readonly #options: ResolvedServerOptions;
  readonly #credentials: CredentialStore;
  /** @internal */
  readonly webTransport: WebTransportService | undefined;
  #endpoint: ServerEndpoint | undefined;
  #tcp: TcpSibling | undefined;
  #workers: WorkerPool | undefined;
  /** `listen` was called, and its end has not come. */
  #state: 'idle' | 'starting' | 'listening' | 'closing' = 'idle';
  #referenced = true;
  #compatible = false;
  #timeout: number;
  #maxConnections: number;

  /** @internal Made by `createSecureServer`. */
  constructor(options: ServerOptions, onRequest: RequestListener | undefined) {
    super();
    this.#options = resolveServerOptions(options);
    this.#timeout = this.#options.timeout;
    this.#maxConnections = this.#options.maxConnections;
    this.#credentials = new CredentialStore(this.#options.SNICallback);
    const { webTransport, sendDate } = this.#options;
    this.webTransport = webTransport && new WebTransportService(this, webTransport, sendDate);
    const { cert, key, passphrase } = options;
    if (cert !== undefined || key !== undefined) {
      this.#credentials.setDefault({ cert, key, passphrase } as CredentialOptions);
    }
    this.on('newListener', (event) => {
      if (event === 'request') this.#serveRequests();
    });
    if (onRequest !== undefined) {
      if (typeof onRequest !== 'function') throw new InvalidArgumentError('onRequest: must be a function');
      if (options.workers !== undefined) throw new InvalidArgumentError('workers: their module has the listener');
      this.on('request', onRequest);
    }
  }

  get listening(): boolean {
    return this.#state === 'listening';
  }

  /** Milliseconds without activity after which a session emits 'timeout'; 0: never. */
  get timeout(): number {
    return this.#timeout;
  }

  get maxConnections(): number {
    return this.#maxConnections;
  }

  /** Lowering it closes nothing. */
  set maxConnections(maxConnections: number) {
    this.#maxConnections = count('maxConnections', maxConnections, 0, 2 ** 31 - 1, 1);
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    endpoint.registry.maxConnections = maxConnections;
    endpoint.apply((engine) => engine.setMaxConnections(maxConnections));
  }

  /** Open connections, in the order in which they came. */
  get connections(): Iterable<Connection> {
    return this.#endpoint?.registry.entries() ?? [];
  }

  /** node's server for TCP, with option `tcp`; for what only TCP has, such as 'upgrade' to WebSocket. */
  get tcpServer(): Http2SecureServer | undefined {
    return this.#tcp?.server;
  }

  /** Binds the UDP port (and the TCP port, with option `tcp`); 'listening' says that it is done, 'error' that it is not. */
  listen(port?: number, host?: string, callback?: () => void): this;
  listen(port?: number, callback?: () => void): this;
  listen(callback?: () => void): this;
  listen(options: ListenOptions, callback?: () => void): this;
  listen(...args: unknown[]): this {
    if (this.#state !== 'idle') {
      throw new ServerStateError('ERR_SERVER_ALREADY_LISTEN', 'The server listens already, or is about to');
    }
    const call = parseListenCall(args);
    if (!this.#credentials.usable) {
      throw new InvalidArgumentError('key, cert: are missing; HTTP/3 is always encrypted');
    }
    this.#state = 'starting';
    if (call.callback !== undefined) this.once('listening', call.callback);
    void this.#start(call);
    return this;
  }

  /** Where it listens; null if it does not. */
  address(): AddressInfo | null {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return null;
    const { address, port } = endpoint;
    return { address, port, family: isIPv6(address) ? 'IPv6' : 'IPv4' };
  }

  /**
   * Ends in order: new connections are refused, open sessions are told (GOAWAY), their requests are answered, then 'close'.
   *
   * @param callback gets an error with code ERR_SERVER_NOT_RUNNING if the server was not listening
   */
  close(callback?: (error?: Error) => void): this {
    if (this.#state === 'idle') {
      if (callback !== undefined) {
        process.nextTick(callback, new ServerStateError('ERR_SERVER_NOT_RUNNING', 'The server is not listening'));
      }
      return this;
    }
    if (callback !== undefined) this.once('close', callback);
    this.#state = 'closing';
    this.webTransport?.endQueues();
    this.#endpoint?.close();
    void this.#tcp?.close();
    return this;
  }

  /** Ends all sessions at once, and all connections over TCP; the server goes on listening. */
  closeAllConnections(): void {
    for (const session of this.#endpoint?.sessions ?? []) session.destroy();
    this.#tcp?.closeAllConnections();
  }

  /** Ends everything at once, then 'close'. */
  destroy(error?: Error): this {
    if (this.#state === 'idle') return this;
    this.#state = 'closing';
    this.webTransport?.endQueues();
    this.#endpoint?.destroy(error);
    this.#tcp?.destroy();
    void this.#workers?.close(false);
    return this;
  }

  /**
   * Accepts WebTransport sessions, each when the loop asks for it; the loop ends with the server. Requests for them do not reach
   * 'webtransport' listeners. Of several iterators each session goes to one.
   *
   * @param path '/chat', whatever the query is; without it: all sessions that neither another iterator nor a listener takes
   * @throws InvalidArgumentError without the option `webTransport`
   */
  webTransportSessions(path?: string): AsyncIterableIterator<WebTransportServerSession, undefined> {
    if (this.webTransport === undefined) throw new InvalidArgumentError('webTransport: the option is not set');
    if (path !== undefined && (typeof path !== 'string' || !path.startsWith('/') || path.includes('?'))) {
      throw new InvalidArgumentError("path: must begin with '/' and have no query");
    }
    return this.webTransport.sessions(path);
  }

  /** Closes, and settles when closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'idle') return;
    await new Promise<void>((resolve) => this.close(() => resolve()));
  }

  /** A listening server keeps the process alive unless `unref` was called. */
  ref(): this {
    this.#referenced = true;
    this.#endpoint?.ref();
    this.#tcp?.ref();
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#endpoint?.unref();
    this.#tcp?.unref();
    return this;
  }

  /** For sessions to come: {@link timeout}. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.#timeout = count('milliseconds', milliseconds, 0, MAX_TIME);
    if (callback !== undefined) this.on('timeout', callback);
    return this;
  }

  /** Another certificate for all hosts that have none of their own, from the next handshake on. */
  setSecureContext(options: CredentialOptions): void {
    this.#apply(this.#credentials.setDefault(options));
    this.#tcp?.setCredentials(options);
  }

  /** The certificate for a host ('example.org', '*.example.org', an IP address), from the next handshake on. */
  addContext(hostname: string, options: CredentialOptions): void {
    this.#apply(this.#credentials.setHost(hostname, options));
    this.#tcp?.addContext(hostname, options);
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#endpoint?.registry.size ?? 0);
    return this;
  }

  /** The connection of a virtual fd, or of a session id; in constant time. */
  connectionByFd(fd: number): ConnectionEntry | undefined {
    return this.#endpoint?.registry.byFd(fd);
  }

  connectionById(sessionId: bigint): ConnectionEntry | undefined {
    return this.#endpoint?.registry.bySessionId(sessionId);
  }

  /** undefined while the server does not listen. */
  stats(): ServerStats | undefined {
    const endpoint = this.#endpoint;
    return endpoint === undefined
      ? undefined
      : {
          ...endpoint.stats(),
          workers: this.#workers?.stats(),
          webTransport: this.webTransport?.stats(),
        };
  }

  /** @internal */
  onEndpointClosed(endpoint: ServerEndpoint, error: Http3Error | undefined): void {
    if (endpoint === this.#endpoint) void this.#finish(error);
  }

  async #start(call: ListenCall): Promise<void> {
    try {
      if (this.#options.qlogDir !== '') await checkQlogDirectory(this.#options.qlogDir);
      if (this.#state === 'starting') await this.#startWorkers();
      const addresses = await new Promise<readonly string[]>((resolve, reject) => {
        resolveHost(call.host, (error, found) => (error === null ? resolve(found) : reject(error)));
      });
      if (this.#state === 'starting') await this.#open(call, addresses);
    } catch (error) {
      if (this.#state === 'starting') {
        await this.#fail(error);
        return;
      }
    }
    if (this.#state === 'starting') {
      this.#state = 'listening';
      this.#emitLater('listening');
    } else if (this.#endpoint === undefined) await this.#finish(undefined);
  }

  /** Binds the UDP port, then the TCP port of the same number. */
  async #open(call: ListenCall, addresses: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const endpoint = this.#bind(call, addresses);
      this.#endpoint = endpoint;
      if (!this.#referenced) endpoint.unref();
      try {
        await this.#openTcp(endpoint, call.ipv6Only);
        return;
      } catch (error) {
        this.#endpoint = undefined;
        endpoint.abandon();
        // A port that the system chose for UDP may be taken for TCP: it chooses another.
        const taken = call.port === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!taken || attempt === MAX_PORT_ATTEMPTS) throw error;
      }
    }
  }

  async #openTcp({ address, port }: ServerEndpoint, ipv6Only: boolean): Promise<void> {
    const { tcp: options, SNICallback } = this.#options;
    if (options === undefined) return;
    const tcp = new TcpSibling(this, options, this.#credentials.defaultOptions, SNICallback);
    for (const [hostName, credentials] of this.#credentials.hostOptions()) tcp.addContext(hostName, credentials);
    if (!this.#referenced) tcp.unref();
    this.#tcp = tcp;
    try {
      await tcp.listen(port, address, ipv6Only);
    } catch (error) {
      this.#tcp = undefined;
      throw error;
    }
  }

  #bind(call: ListenCall, addresses: readonly string[]): ServerEndpoint {
    let failure: unknown;
    for (const address of addresses) {
      try {
        const options = { ...this.#options, maxConnections: this.#maxConnections };
        return new ServerEndpoint(this, options, this.#credentials, { ...call, address });
      } catch (error) {
        failure ??= error;
        if (!NO_FAMILY.has(String((error as NodeJS.ErrnoException).code))) break;
      }
    }
    throw failure;
  }

  async #startWorkers(): Promise<void> {
    const { workers, sendDate } = this.#options;
    if (workers === undefined) return;
    const pool = new WorkerPool(workers, sendDate);
    pool.on('workerError', (error) => this.emit('workerError', error));
    this.#workers = pool;
    this.on('stream', pool.dispatch);
    await pool.start();
  }

  async #fail(error: unknown): Promise<void> {
    await this.#endWorkers();
    this.#state = 'idle';
    this.#emitLater('error', asError(error));
  }

  async #finish(error: Http3Error | undefined): Promise<void> {
    this.#endpoint = undefined;
    this.webTransport?.endQueues();
    if (error !== undefined) this.#tcp?.destroy();
    await this.#tcp?.close();
    this.#tcp = undefined;
    await this.#endWorkers();
    this.#state = 'idle';
    if (error !== undefined) this.#emitLater('error', error);
    this.#emitLater('close');
  }

  /** Not from within a promise, which would make a listener's exception a rejection. */
  #emitLater(event: string, ...args: readonly unknown[]): void {
    process.nextTick(() => this.emit(event, ...args));
  }

  async #endWorkers(): Promise<void> {
    const workers = this.#workers;
    if (workers === undefined) return;
    this.#workers = undefined;
    this.off('stream', workers.dispatch);
    await workers.close();
  }

  #serveRequests(): void {
    if (this.#compatible) return;
    this.#compatible = true;
    const options = {
      checkContinue: (request: unknown, response: unknown) => this.emit('checkContinue', request, response),
      checkExpectation: (request: unknown, response: unknown) => this.emit('checkExpectation', request, response),
      connect: (request: unknown, response: unknown) => this.emit('connectRequest', request, response),
    };
    this.on(
      'stream',
      toStreamListener((request, response) => this.emit('request', request, response), options),
    );
  }

  #apply(change: Parameters<ServerEndpoint['apply']>[0]): void {
    this.#endpoint?.apply(change);
  }
}
