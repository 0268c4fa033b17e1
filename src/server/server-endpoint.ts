import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import { ConnectionError, H3_ERROR, Http3Error } from '../errors.js';
import type { NativeStats } from '../native.js';
import { loadServerAddon, type NativeServerStats } from '../native-server.js';
import {
  type CreateServerEngine,
  Http3ServerDriver,
  type ServerDriverListener,
} from '../session/http3-server-driver.js';
import type { ServerConnectionEvents } from '../session/server-event-dispatch.js';
import type { PathAddresses } from '../session/server-events.js';
import { ServerSocket } from '../transport/server-socket.js';
import { socketTransportService } from '../transport/socket-transport-service.js';
import type { ConnectionEntry } from './connection-entry.js';
import { ConnectionRegistry, type ConnectionRegistryStats } from './connection-registry.js';
import type { CredentialChange, CredentialStore } from './credential-store.js';
import { emitSafely } from './emit-safely.js';
import { ExpiryQueue } from './expiry-queue.js';
import { PortSharing } from './port-sharing.js';
import type { SectionLimits } from './request-section.js';
import type { ResolvedServerOptions } from './server-options.js';
import { serverParams } from './server-params.js';
import { Http3ServerSession, type SessionOwner } from './server-session.js';
import type { Http3ServerStream } from './server-stream.js';
import type { WebTransportService } from './webtransport/webtransport-service.js';

/** Where an endpoint is bound. */
export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
  readonly ipv6Only: boolean;
  readonly reusePort: boolean;
}

/** What an endpoint needs of its server. */
export interface EndpointServer extends EventEmitter {
  /** Of new sessions; milliseconds, 0: none. */
  readonly timeout: number;
  readonly webTransport: WebTransportService | undefined;
  /** In order. */
  close(): unknown;
  /** The endpoint is gone, with all its connections. `error`: it failed. Once. */
  onEndpointClosed(endpoint: ServerEndpoint, error: Http3Error | undefined): void;
}

/** Figures of an endpoint. */
export interface EndpointStats extends ConnectionRegistryStats {
  /** Totals of the QUIC engine. */
  readonly engine: NativeServerStats | undefined;
}

/** One bound UDP socket with its engine, its connection table and its sessions. */
export class ServerEndpoint implements ServerDriverListener, SessionOwner {
  readonly driver: Http3ServerDriver;
  readonly limits: SectionLimits;
  readonly sendDate: boolean;
  readonly registry: ConnectionRegistry;
  readonly #server: EndpointServer;
  readonly #sharing: PortSharing | undefined;
  readonly #socket: ServerSocket;
  readonly #credentials: CredentialStore;
  /** Those that the engine has not forgotten. */
  readonly #sessions = new Set<Http3ServerSession>();
  /** Handshakes that wait for a credential of this name. */
  readonly #questions = new Map<number, { readonly name: string }>();
  readonly #handshakeTimeout: number;
  readonly #requestTimeouts: ExpiryQueue<Http3ServerStream>;
  #closing = false;
  /** Closing in order, with other processes on the port: whoever comes before the engine sends them there is served. */
  #leaving = false;
  #closed = false;

  /** @throws Error with `code` (EADDRINUSE …) if the address cannot be bound or the engine cannot be made */
  constructor(
    server: EndpointServer,
    options: ResolvedServerOptions,
    credentials: CredentialStore,
    { address, port, ipv6Only, reusePort }: EndpointAddress,
  ) {
    this.#server = server;
    this.#credentials = credentials;
    this.limits = options;
    this.sendDate = options.sendDate;
    this.#handshakeTimeout = options.handshakeTimeout;
    this.#requestTimeouts = new ExpiryQueue(options.requestTimeout, (stream) => stream.onRequestTimeout());
    const { maxConnections, virtualFds, nodeId } = options;
    this.registry = new ConnectionRegistry(
      {
        maxConnections,
        virtualFds,
        nodeId,
        onConnect: (entry) => emitSafely(server, 'connect', entry),
        onClose: (entry, end) => emitSafely(server, 'disconnect', entry, end),
        onFdWarning: (warning) => emitSafely(server, 'fdWarning', warning),
      },
      loadServerAddon(),
    );
    const service = socketTransportService();
    const { sharedPort } = options;
    let socket: ServerSocket | undefined;
    try {
      // Before the UDP socket: whoever has connections can be reached.
      this.#sharing = sharedPort && new PortSharing(service, sharedPort, port, () => server.close());
      const shared = reusePort || sharedPort !== undefined;
      socket = new ServerSocket(service, { localAddress: address, localPort: port, ipv6Only, reusePort: shared });
      this.#socket = socket;
      this.driver = new Http3ServerDriver(service, socket, this.#createEngine(options), this);
    } catch (error) {
      socket?.close();
      this.#sharing?.close();
      this.registry.close();
      throw error;
    }
    this.#socket.ref();
    this.apply((engine) => credentials.applyTo(engine));
    this.#sharing?.start(this.driver);
    this.driver.start();
  }

  get webTransport(): WebTransportService | undefined {
    return this.#server.webTransport;
  }

  get address(): string {
    return this.#socket.localAddress;
  }

  get port(): number {
    return this.#socket.localPort;
  }

  /** Descriptor of the UDP socket. */
  get fd(): number {
    return this.#socket.fd;
  }

  get sessions(): Iterable<Http3ServerSession> {
    return this.#sessions;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  stats(): EndpointStats {
    return { ...this.registry.stats(), engine: this.driver.stats() };
  }

  /** Has the engine changed in the coming turn. */
  apply(change: CredentialChange): void {
    this.driver.queue({ runInTurn: () => change(this.driver.engine) });
  }

  /** Refuses new connections, and ends when those that are open have come to their end in order. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#leaving = this.#sharing !== undefined;
    this.apply((engine) => engine.setAccepting(false));
    for (const session of this.#sessions) session.close();
    this.#endIfIdle();
  }

  /** Ends at once: each client is told with one packet. */
  destroy(error?: Error): void {
    this.#closing = true;
    this.#leaving = false;
    for (const session of this.#sessions) session.destroy(error);
    // Runs after the closes and before the output of the same turn, at whose end the engine goes.
    this.driver.queue({ runInTurn: () => this.#end(undefined) });
  }

  /** Frees the address at once, before anybody was told that it listens: no client is told anything. */
  abandon(): void {
    this.#closing = true;
    for (const session of this.#sessions) session.destroy();
    this.#end(undefined);
  }

  onConnection(handle: number, addresses: PathAddresses): ServerConnectionEvents | undefined {
    this.#questions.delete(handle);
    if (this.#closing && !this.#leaving) return undefined;
    let session: Http3ServerSession | undefined;
    const onSocketClosed = (): void => session?.destroy();
    let entry: ConnectionEntry;
    try {
      const traffic = (): NativeStats | undefined => this.driver.connectionStats(handle);
      entry = this.registry.open({ ...addresses, traffic, onSocketClosed });
    } catch (error) {
      if (!(error instanceof Http3Error)) throw error;
      emitSafely(this.#server, 'drop', { ...addresses, error });
      return undefined;
    }
    session = new Http3ServerSession(this, handle, entry);
    this.#sessions.add(session);
    if (this.#leaving) session.close();
    return session;
  }

  onFatalError(error: Http3Error): void {
    for (const session of this.#sessions) session.destroy(error, H3_ERROR.H3_INTERNAL_ERROR);
    this.#end(error);
  }

  onSession(session: Http3ServerSession): void {
    const { timeout } = this.#server;
    if (timeout > 0) session.setTimeout(timeout);
    emitSafely(this.#server, 'session', session);
  }

  onStream(
    stream: Http3ServerStream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: readonly string[],
  ): boolean {
    if (this.#server.listenerCount('stream') === 0) return false;
    if (!emitSafely(this.#server, 'stream', stream, headers, flags, rawHeaders)) {
      stream.close(H3_ERROR.H3_INTERNAL_ERROR);
    }
    return true;
  }

  onRequestBegun(stream: Http3ServerStream): void {
    this.#requestTimeouts.add(stream);
  }

  onRequestEnded(stream: Http3ServerStream): void {
    this.#requestTimeouts.delete(stream);
  }

  onServerName(handle: number, name: string): void {
    const question = { name };
    this.#questions.set(handle, question);
    this.#credentials.find(name, (error, credential) => {
      this.apply((engine) => {
        // The handshake may be over by now, and its handle another's.
        if (this.#questions.get(handle) !== question) return;
        this.#questions.delete(handle);
        if (error === null) {
          engine.provideCredential(handle, credential);
          return;
        }
        engine.refuse(handle);
        this.#noCertificate(`No certificate for '${name}': ${error.message}`, error);
      });
    });
  }

  onHandshakeEnd(handle: number): void {
    const question = this.#questions.get(handle);
    // A connection that was refused has none: who refused it knows.
    if (question === undefined) return;
    this.#questions.delete(handle);
    this.#noCertificate(`No certificate for '${question.name}' within ${this.#handshakeTimeout} ms`);
  }

  onTimeout(session: Http3ServerSession): boolean {
    return this.#server.emit('timeout', session);
  }

  onSessionError(error: Error, session: Http3ServerSession): void {
    emitSafely(this.#server, 'sessionError', error, session);
  }

  onHandshakeError(error: Http3Error, session: Http3ServerSession): void {
    emitSafely(this.#server, 'handshakeError', error, session);
  }

  onGone(session: Http3ServerSession): void {
    this.#sessions.delete(session);
    if (this.#closing) this.#endIfIdle();
  }

  #noCertificate(message: string, cause?: Error): void {
    emitSafely(this.#server, 'handshakeError', new ConnectionError('ERR_TLS_SNI', message, { cause }));
  }

  #createEngine(options: ResolvedServerOptions): CreateServerEngine {
    const { NeqoHttp3Server: Server } = loadServerAddon();
    const statelessResetKey = this.#sharing?.resetKey ?? options.statelessResetKey;
    const params = serverParams({ ...options, statelessResetKey }, this.#socket);
    return (status, events) => new Server(params, status, events);
  }

  /** The last CONNECTION_CLOSE is on its way: the engine goes when the present turn's output is sent. */
  #endIfIdle(): void {
    if (this.#sessions.size > 0) return;
    this.driver.queue({
      runInTurn: () => {
        if (this.#sessions.size === 0) this.#end(undefined);
      },
    });
  }

  #end(error: Http3Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requestTimeouts.clear();
    this.driver.destroy();
    this.registry.close();
    // The engine goes at the end of the present step; user code hears of it on a stack of its own.
    process.nextTick(() => {
      this.#sharing?.close();
      this.#server.onEndpointClosed(this, error);
    });
  }
}
