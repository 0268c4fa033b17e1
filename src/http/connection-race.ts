import { asError, CertificateError, ConnectionError, ConnectTimeoutError, H3_ERROR, Http3Error } from '../errors.js';
import { Http3Session } from '../session/http3-session.js';
import type { Session, SessionListener } from '../session/session-types.js';
import type { StoredToken } from '../session/token-store.js';
import { HttpConnectionUDP } from '../transport/http-connection-udp.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import { UdpSocket } from '../transport/udp-socket.js';
import { type Address, resolveAddresses } from './address-order.js';
import { ConnectionHandler, type ConnectionReclaimer } from './connection-handler.js';
import type { ResolvedConnectionOptions } from './connection-options.js';
import type { Route } from './route.js';

/** When the parts of setting up a connection happened; `performance.now()` in milliseconds. */
export interface ConnectTimings {
  start: number;
  lookupEnd: number;
}

/** What a race needs of the one who runs it. */
export interface RaceOwner extends SessionListener {
  /** The addresses are known. False: the race rests, without a time limit, until {@link ConnectionRace.proceed} or its end. */
  onResolved(addresses: readonly Address[]): boolean;
  /** All addresses failed, the time ran out, or something that no other address can mend. */
  onRaceFailed(error: Http3Error): void;
  onConnectionMade(connection: HttpConnectionUDP): void;
}

/**
 * Sets up one connection over a route: looks it up and tries its addresses one after another, each with a head start, until
 * a handshake succeeds (Happy Eyeballs, RFC 8305). The others are dropped.
 */
export class ConnectionRace {
  readonly timings: ConnectTimings = { start: performance.now(), lookupEnd: 0 };
  readonly #route: Route;
  readonly #options: ResolvedConnectionOptions;
  readonly #service: SocketTransportService;
  readonly #reclaimer: ConnectionReclaimer;
  readonly #owner: RaceOwner;
  readonly #running = new Map<Session, HttpConnectionUDP>();
  readonly #failures: { readonly address: Address; readonly error: Http3Error }[] = [];
  #addresses: readonly Address[] = [];
  #next = 0;
  #token: StoredToken | undefined;
  #echConfigList: Uint8Array | undefined;
  #echRetried = false;
  #delayTimer: NodeJS.Timeout | undefined;
  #timeoutTimer: NodeJS.Timeout | undefined;
  #proceed: (() => void) | undefined;
  #awaited = true;
  #over = false;

  constructor(
    route: Route,
    options: ResolvedConnectionOptions,
    service: SocketTransportService,
    reclaimer: ConnectionReclaimer,
    owner: RaceOwner,
  ) {
    this.#route = route;
    this.#options = options;
    this.#service = service;
    this.#reclaimer = reclaimer;
    this.#owner = owner;
    this.#echConfigList = route.echConfigList;
  }

  /** @param takeToken gives the resumption token for the first attempt; a token is used once (RFC 8446 C.4) */
  start(takeToken: () => Promise<StoredToken | undefined>): void {
    this.#limitTime();
    void this.#run(takeToken);
  }

  /** The addresses may be tried; the time limit begins anew. */
  proceed(): void {
    if (this.#over) return;
    this.#limitTime();
    this.#proceed?.();
  }

  /** Whether somebody waits for it: if not, it goes on, but the process does not stay for it. Default true. */
  set awaited(awaited: boolean) {
    if (awaited === this.#awaited) return;
    this.#awaited = awaited;
    for (const timer of [this.#delayTimer, this.#timeoutTimer]) {
      if (awaited) timer?.ref();
      else timer?.unref();
    }
    for (const session of this.#running.keys()) session.awaited = awaited;
  }

  has(session: Session): boolean {
    return this.#running.has(session);
  }

  /** `session` has won: the others are dropped. */
  won(session: Session): void {
    this.#running.delete(session);
    this.#end(new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'Another address was faster', { safeToRetry: true }));
  }

  /** The ECH configurations that the last attempt used. */
  get echConfigList(): Uint8Array | undefined {
    return this.#echConfigList;
  }

  /** An attempt is over; tries the next address, or gives up. */
  attemptFailed(session: Session, error: Http3Error, echConfigList: Uint8Array | undefined): void {
    const connection = this.#running.get(session);
    if (connection === undefined) return;
    this.#running.delete(session);
    if (this.#over) return;
    if (echConfigList !== undefined && !this.#echRetried) {
      // The server authenticated itself with its public name and gave new keys: once more, with those (RFC 9849 6.1.6).
      this.#echRetried = true;
      this.#echConfigList = echConfigList;
      this.#next = 0;
      this.#tryNext();
      return;
    }
    const { remoteAddress: address } = connection.socket;
    this.#attemptFailedAt({ address, family: address.includes(':') ? 6 : 4 }, error);
  }

  /** The user gives up. */
  cancel(reason: Http3Error): void {
    this.#end(reason);
  }

  async #run(takeToken: () => Promise<StoredToken | undefined>): Promise<void> {
    try {
      const { family, lookup, localAddress } = this.#options;
      const usable = family !== 0 || localAddress === undefined ? family : localAddress.includes(':') ? 6 : 4;
      const addresses = await resolveAddresses(this.#route.host, usable, lookup);
      if (this.#over) return;
      this.timings.lookupEnd = performance.now();
      this.#addresses = addresses;
      if (!this.#owner.onResolved(addresses)) await this.#rest();
      const token = await takeToken();
      if (this.#over) return;
      this.#token = token;
      this.#tryNext();
    } catch (error) {
      this.#fail(
        error instanceof Http3Error
          ? error
          : new ConnectionError('UND_ERR_SOCKET', asError(error).message, { cause: error, safeToRetry: true }),
      );
    }
  }

  #limitTime(): void {
    const { connectTimeout } = this.#options;
    clearTimeout(this.#timeoutTimer);
    if (connectTimeout === 0) return;
    this.#timeoutTimer = this.#setTimer(() => this.#fail(this.#timeoutError()), connectTimeout);
  }

  #setTimer(callback: () => void, milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(callback, milliseconds);
    return this.#awaited ? timer : timer.unref();
  }

  /** Until `proceed`, or for ever: what ends the race drops its promise. */
  #rest(): Promise<void> {
    clearTimeout(this.#timeoutTimer);
    return new Promise((resolve) => {
      this.#proceed = resolve;
    });
  }

  #tryNext(): void {
    clearTimeout(this.#delayTimer);
    if (this.#over) return;
    const address = this.#addresses[this.#next];
    if (address === undefined) {
      if (this.#running.size === 0) this.#fail(this.#allFailed());
      return;
    }
    this.#next += 1;
    if (this.#next < this.#addresses.length) {
      this.#delayTimer = this.#setTimer(() => this.#tryNext(), this.#options.attemptDelay);
    }
    try {
      this.#attempt(address);
    } catch (error) {
      const { code = 'UND_ERR_SOCKET' } = asError(error) as NodeJS.ErrnoException;
      this.#attemptFailedAt(
        address,
        new ConnectionError(code, asError(error).message, { cause: error, safeToRetry: true }),
      );
    }
  }

  #attempt(address: Address): void {
    const { localAddress, ...options } = this.#options;
    const socket = new UdpSocket(this.#service, {
      localAddress,
      localPort: 0,
      remoteAddress: address.address,
      remotePort: this.#route.port,
    });
    const connection = new HttpConnectionUDP(this.#service, socket);
    let session: Http3Session;
    try {
      session = new Http3Session(
        {
          ...options,
          resumptionToken: this.#takeToken(),
          echConfigList: this.#echConfigList,
        },
        connection,
        new ConnectionHandler(this.#reclaimer, connection),
        this.#owner,
      );
    } catch (error) {
      socket.close();
      throw error;
    }
    session.awaited = this.#awaited;
    this.#running.set(session, connection);
    this.#owner.onConnectionMade(connection);
    connection.init(session);
  }

  #takeToken(): StoredToken | undefined {
    const token = this.#token;
    this.#token = undefined;
    return token;
  }

  #attemptFailedAt(address: Address, error: Http3Error): void {
    this.#failures.push({ address, error });
    // Another address of the same host would show the same certificate and speak the same TLS.
    if (error instanceof CertificateError || error.code.startsWith('ERR_TLS_')) this.#fail(error);
    else this.#tryNext();
  }

  #allFailed(): Http3Error {
    const [first, ...others] = this.#failures;
    if (first === undefined)
      return new ConnectionError('UND_ERR_SOCKET', `No address of ${this.#route.host} could be tried`, {
        safeToRetry: true,
      });
    if (others.length === 0) return first.error;
    const messages = this.#failures.map(({ address, error }) => `${address.address}: ${error.message}`);
    return new ConnectionError(
      first.error.code,
      `No address of ${this.#route.host} answered (${messages.join('; ')})`,
      {
        cause: new AggregateError(this.#failures.map(({ error }) => error)),
        safeToRetry: true,
      },
    );
  }

  #timeoutError(): Http3Error {
    const tried = this.#addresses.slice(0, this.#next).map(({ address }) => address);
    const where = tried.length === 0 ? 'the name was not resolved' : `tried ${tried.join(', ')}`;
    const { host, port } = this.#route;
    const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new ConnectTimeoutError(`No connection to ${target} within ${this.#options.connectTimeout} ms (${where})`);
  }

  #fail(error: Http3Error): void {
    if (this.#over) return;
    this.#end(error);
    this.#owner.onRaceFailed(error);
  }

  #end(reason: Http3Error): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#delayTimer);
    clearTimeout(this.#timeoutTimer);
    const losers = [...this.#running.keys()];
    this.#running.clear();
    // The server is told, so that it does not wait for the rest of a handshake.
    for (const session of losers) session.close(H3_ERROR.H3_NO_ERROR, reason, true);
  }
}
