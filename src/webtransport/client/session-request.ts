import type { Http3Error } from '../../errors.js';
import type { Http3WebTransportSession } from '../../stream/webtransport/http3-webtransport-session.js';
import type { WebTransportVersion } from '../../stream/webtransport/versions.js';
import type { WebTransportMux } from '../../stream/webtransport/webtransport-mux.js';
import type { PendingSession, ReadySession } from '../connector.js';
import type { Acceptance } from './connect-response.js';
import type { ConnectTarget } from './connect-target.js';
import { type ConnectRequester, ConnectTransaction } from './connect-transaction.js';

/** Who carries a request: a connection. */
export interface RequestCarrier {
  carry(request: SessionRequest): void;
  leave(request: SessionRequest): void;
}

/** One session on its way: from `new WebTransport(…)` until it is ready, or failed. */
export class SessionRequest implements PendingSession, ConnectRequester {
  readonly #target: ConnectTarget;
  readonly #route: (fresh: boolean) => RequestCarrier;
  /** Another connection may be tried. */
  #movable: boolean;
  #carrier: RequestCarrier | undefined;
  #transaction: ConnectTransaction | undefined;
  #ready: ((ready: ReadySession) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #over = false;

  /**
   * @param route the connection to use; `fresh`: not one that others use
   * @param movable a connection that others use may not take it: then it goes to a fresh one, once
   */
  constructor(target: ConnectTarget, route: (fresh: boolean) => RequestCarrier, movable: boolean) {
    this.#target = target;
    this.#route = route;
    this.#movable = movable;
  }

  /** @throws InvalidArgumentError, ConnectionError if there cannot be a connection */
  start(): void {
    this.#carryOn(this.#route(false));
  }

  onReady(done: (ready: ReadySession) => void): void {
    this.#ready = done;
  }

  onFailed(done: (error: Error) => void): void {
    this.#failed = done;
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#transaction?.abandon();
    this.#carrier?.leave(this);
  }

  /** The connection can send it. @returns its CONNECT request */
  begin(mux: WebTransportMux, version: WebTransportVersion): ConnectTransaction {
    this.#transaction = new ConnectTransaction(mux, version, this.#target, this);
    return this.#transaction;
  }

  onAccepted(session: Http3WebTransportSession, { headers, protocol }: Acceptance): void {
    this.#ready?.({ session, responseHeaders: headers, protocol, reliability: 'supports-unreliable' });
    // If that threw, it has failed instead.
    this.#over = true;
  }

  onRejected(error: Http3Error, unprocessed: boolean): void {
    if (unprocessed) this.refused(error);
    else this.failed(error);
  }

  /** The server has not looked at the request: another connection may have room for it. */
  refused(error: Http3Error): void {
    if (this.#over) return;
    if (!this.#movable) {
      this.failed(error);
      return;
    }
    this.#movable = false;
    this.#transaction = undefined;
    this.#carryOn(this.#route(true));
  }

  failed(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed?.(error);
  }

  #carryOn(carrier: RequestCarrier): void {
    this.#carrier = carrier;
    carrier.carry(this);
  }
}
