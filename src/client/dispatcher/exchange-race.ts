import type { Http3Error } from '../../errors.js';
import type { Carrier, Exchange } from './exchange.js';
import { Http3Leg, type LegHooks } from './http3-leg.js';
import { TcpLeg, type TcpLegHooks } from './tcp-leg.js';

/** What an exchange's race needs of its origin. */
export interface RaceTrack {
  /** Gives the request to the origin's QUIC connections. */
  submit(leg: Http3Leg): void;
  /** Gives the request to TCP. */
  dispatchOverTcp(leg: TcpLeg): void;
  /** TCP connected, or answered: HTTP/3 that did not is not to be tried again soon. */
  onTcpWorks(): void;
  /** The final response's fields, flat, over HTTP/3. */
  onResponseFields(fields: readonly string[]): void;
  /** An Alt-Svc field of a response, and its Age. */
  onAltSvc(value: string, age: string | undefined): void;
  /** The race is decided, and waits for nothing more. */
  onDecided(race: ExchangeRace): void;
}

/**
 * One request on two ways at once: HTTP/3 with a head start, then TCP besides it. The first whose connection is there gets the
 * request, and the other never sees any of it; so a body is read once and sent once.
 */
export class ExchangeRace implements LegHooks, TcpLegHooks, Carrier {
  readonly #exchange: Exchange;
  readonly #track: RaceTrack;
  #http3: Http3Leg | undefined;
  #tcp: TcpLeg | undefined;
  #http3Error: Http3Error | undefined;
  #tcpError: Error | undefined;
  #decided = false;

  constructor(exchange: Exchange, track: RaceTrack) {
    this.#exchange = exchange;
    this.#track = track;
  }

  start(): void {
    this.#exchange.carrier = this;
    const leg = new Http3Leg(this.#exchange, this);
    this.#http3 = leg;
    this.#track.submit(leg);
  }

  /** The head start is over. */
  tryTcp(): void {
    if (this.#decided || this.#tcp !== undefined || this.#exchange.settled) return;
    this.#tcp = new TcpLeg(this.#exchange, this);
    this.#track.dispatchOverTcp(this.#tcp);
  }

  onCommitted(): void {
    if (this.#decided) return;
    this.#decide(this.#http3);
    this.#tcp?.abandon();
  }

  onUnprocessed(error: Http3Error): boolean {
    this.#http3Error = error;
    if (this.#tcpError !== undefined || this.#exchange.settled) return false;
    if (this.#decided) {
      // It was committed, and then the connection refused it, or went away before it saw it.
      this.#decided = false;
      this.#tcp = undefined;
      this.#exchange.carrier = this;
    }
    this.tryTcp();
    return true;
  }

  onResponseFields(fields: readonly string[]): void {
    this.#track.onResponseFields(fields);
  }

  onAltSvc(value: string, age: string | undefined): void {
    this.#track.onAltSvc(value, age);
  }

  mayStart(): boolean {
    if (this.#decided || this.#exchange.settled) return false;
    if (this.#http3Error === undefined && this.#http3?.withdraw() === false) return false;
    this.#decide(this.#tcp);
    this.#track.onTcpWorks();
    return true;
  }

  onFailed(error: Error): void {
    if (this.#decided) return;
    this.#tcpError = error;
    // QUIC may still get there.
    if (this.#http3Error === undefined) return;
    this.#decide(undefined);
    this.#exchange.fail(error);
  }

  abort(reason: Error): void {
    this.#decide(undefined);
    this.#http3?.abort(reason);
    this.#tcp?.abort(reason);
  }

  pause(): void {
    // Nothing has come yet that could be held back; who gets the request asks the controller.
  }

  resume(): void {
    // As for `pause`.
  }

  #decide(winner: Carrier | undefined): void {
    if (this.#decided) return;
    this.#decided = true;
    if (winner !== undefined) this.#exchange.carrier = winner;
    this.#track.onDecided(this);
  }
}
