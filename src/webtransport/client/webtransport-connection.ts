import {
  ConnectionError,
  ConnectTimeoutError,
  H3_ERROR,
  type Http3Error,
  WebTransportSessionError,
} from '../../errors.js';
import type { ResolvedConnectionOptions } from '../../http/connection-options.js';
import { ConnectionRace, type RaceOwner } from '../../http/connection-race.js';
import { httpConnectionMgr } from '../../http/http-connection-mgr.js';
import { MAX_TIME } from '../../http/option-checks.js';
import type { Origin } from '../../http/origin.js';
import { ownRoute } from '../../http/route.js';
import type { Session } from '../../session/session-types.js';
import type { WebTransportVersion } from '../../stream/webtransport/versions.js';
import type { HttpConnectionUDP } from '../../transport/http-connection-udp.js';
import type { SessionRequest } from './session-request.js';

/** Told when a connection takes no more sessions, or is over. */
export interface ConnectionKeeper {
  retired(connection: WebTransportConnection): void;
}

const Phase = { CONNECTING: 0, NEGOTIATING: 1, OPEN: 2, RETIRED: 3, CLOSED: 4 } as const;

/** One connection for WebTransport sessions, from the look-up of its name until its last session has ended. */
export class WebTransportConnection implements RaceOwner {
  readonly #origin: Origin;
  readonly #options: ResolvedConnectionOptions;
  readonly #keeper: ConnectionKeeper;
  readonly #race: ConnectionRace;
  /** Until the server's SETTINGS are known. */
  readonly #waiting = new Set<SessionRequest>();
  #phase: (typeof Phase)[keyof typeof Phase] = Phase.CONNECTING;
  #session: Session | undefined;
  #version: WebTransportVersion | undefined;
  #settingsTimer: NodeJS.Timeout | undefined;

  constructor(origin: Origin, options: ResolvedConnectionOptions, keeper: ConnectionKeeper) {
    this.#origin = origin;
    this.#options = options;
    this.#keeper = keeper;
    const manager = httpConnectionMgr();
    const route = ownRoute(origin, options.echConfigList);
    this.#race = new ConnectionRace(route, options, manager.service, manager, this);
    this.#race.start(noToken);
  }

  /** Another session may be asked for: as far as is known, the server allows it. */
  get hasRoom(): boolean {
    if (this.#phase < Phase.OPEN) return true;
    const session = this.#session;
    return this.#phase === Phase.OPEN && session !== undefined && session.streamCount < this.#sessionLimit;
  }

  /** Asks for the session as soon as the server's SETTINGS are here. */
  carry(request: SessionRequest): void {
    if (this.#phase < Phase.OPEN) this.#waiting.add(request);
    else this.#send(request);
  }

  /** The request was given up before it was sent. */
  leave(request: SessionRequest): void {
    if (!this.#waiting.delete(request)) return;
    if (this.#phase === Phase.CONNECTING && this.#waiting.size === 0) {
      this.#over();
      this.#race.cancel(closedHere());
    } else this.#closeIfUnused();
  }

  onResolved(): boolean {
    return true;
  }

  onConnectionMade(connection: HttpConnectionUDP): void {
    httpConnectionMgr().adopt(connection);
  }

  onEarlyData(): void {
    // Nothing of WebTransport may be sent in 0-RTT, and there is no token for it.
  }

  onConnected(session: Session): void {
    if (!this.#race.has(session)) return;
    this.#phase = Phase.NEGOTIATING;
    this.#session = session;
    this.#race.won(session);
    // It also keeps the process alive, which nothing else does between the handshake and the first request.
    this.#settingsTimer = setTimeout(() => this.#settingsMissing(), this.#options.connectTimeout || MAX_TIME);
    session.webTransport?.whenNegotiated((version) => this.#negotiated(version));
  }

  onRaceFailed(error: Http3Error): void {
    this.#over();
    this.#fail(error);
  }

  onGoaway(session: Session): void {
    if (session === this.#session) this.#retire();
  }

  onRequestsCreatable(): void {
    // Requests that wait for MAX_STREAMS are the session's.
  }

  onResumptionToken(): void {
    // Connections are not resumed: without 0-RTT that would save no round trip.
  }

  onActivityChanged(session: Session): void {
    if (session === this.#session) this.#closeIfUnused();
  }

  onClosed(session: Session, reason: Http3Error, echConfigList: Uint8Array | undefined): void {
    if (this.#race.has(session)) {
      this.#race.attemptFailed(session, reason, echConfigList);
      return;
    }
    if (session !== this.#session) return;
    this.#over();
    this.#fail(reason);
  }

  get #sessionLimit(): number {
    return this.#session?.webTransport?.maxSessions ?? 0;
  }

  #negotiated(version: WebTransportVersion | undefined): void {
    // When the connection is over, `onClosed` says why there is no version.
    if (this.#phase !== Phase.NEGOTIATING || this.#session?.closed === true) return;
    clearTimeout(this.#settingsTimer);
    if (version === undefined) {
      this.#unusable(
        new WebTransportSessionError(
          'ERR_WEBTRANSPORT_UNSUPPORTED',
          'The server does not offer WebTransport in a version that this client speaks, or no datagrams (SETTINGS)',
        ),
      );
      return;
    }
    this.#version = version;
    this.#phase = Phase.OPEN;
    // GOAWAY may have come before.
    if (this.#session?.canReuse === false) this.#retire();
    const requests = [...this.#waiting];
    this.#waiting.clear();
    for (const request of requests) {
      if (this.hasRoom) this.#send(request);
      else request.refused(new ConnectionError('ERR_HTTP3_GOAWAY', 'The connection takes no further sessions'));
    }
    this.#closeIfUnused();
  }

  #send(request: SessionRequest): void {
    const session = this.#session;
    if (session?.webTransport === undefined || this.#version === undefined) return;
    session.addStream(request.begin(session.webTransport, this.#version));
  }

  #settingsMissing(): void {
    const { host, port } = this.#origin;
    this.#unusable(
      new ConnectTimeoutError(`No SETTINGS from ${host}:${port} within ${this.#options.connectTimeout} ms`),
    );
  }

  /** The connection stands, but not for WebTransport. */
  #unusable(error: Http3Error): void {
    this.#over();
    this.#fail(error);
    this.#session?.close(H3_ERROR.H3_NO_ERROR, error);
  }

  #fail(error: Http3Error): void {
    const requests = [...this.#waiting];
    this.#waiting.clear();
    for (const request of requests) request.failed(error);
  }

  #retire(): void {
    if (this.#phase !== Phase.OPEN) return;
    this.#phase = Phase.RETIRED;
    this.#keeper.retired(this);
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    const session = this.#session;
    if (session === undefined || this.#phase === Phase.CLOSED) return;
    if (this.#waiting.size > 0 || session.streamCount > 0) return;
    this.#over();
    session.close(H3_ERROR.H3_NO_ERROR, closedHere());
  }

  #over(): void {
    this.#phase = Phase.CLOSED;
    clearTimeout(this.#settingsTimer);
    this.#keeper.retired(this);
  }
}

function closedHere(): ConnectionError {
  return new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'The connection was closed by this side');
}

async function noToken(): Promise<undefined> {
  return undefined;
}
