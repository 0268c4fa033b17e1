/** Who has to do with a transaction besides the pool that dispatches it: who receives the response, and what carries it. */
import type { Http3Error } from '../errors.js';
import type { ConnectionInfo } from '../session/session-types.js';

/**
 * Receives a response. Called from inside the session's loops: what an implementation throws is reported as an uncaught
 * exception and ends the request.
 */
export interface ResponseConsumer {
  /** The header section was given to QUIC; again after a retry. `early`: in 0-RTT. */
  onRequestSent(streamId: number, early: boolean): void;
  /** The handshake is complete, and what was sent in 0-RTT counts. */
  onEarlyDataAccepted?(): void;
  onInterimHeaders(status: number, headers: readonly string[]): void;
  onHeaders(status: number, headers: readonly string[]): void;
  /** False: no more until `HttpTransaction.resume`. */
  onData(chunk: Buffer): boolean;
  onTrailers(headers: readonly string[]): void;
  /** QUIC has the whole request, or the server wants no more of it; again after a retry. */
  onRequestEnd(): void;
  onEnd(): void;
  /**
   * Asked before the request fails for good, if the server has certainly not processed it and its body can be given again
   * (`reason.safeToRetry`). True: someone else sends it; the transaction is over without `onError`, its body untouched.
   */
  onUnprocessed?(reason: Http3Error): boolean;
  /** The request failed; nothing is called after this. */
  onError(error: Error): void;
}

/** The connection that a transaction is on. */
export interface TransactionCarrier {
  /** Its handshake succeeded. */
  readonly established: boolean;
  /** Established, and takes requests. */
  readonly connected: boolean;
  readonly info: ConnectionInfo | undefined;
  /** Nothing came on it in time: it may be dead. */
  probe(): void;
}

/** Which connections a request may use. */
export interface Placement {
  /** Only one of its own origin, none that coalescing lends. */
  readonly own: boolean;
  /** The connection takes no request after it. */
  readonly last: boolean;
}

/** Limits and times of a request, in bytes and milliseconds; 0 switches a time off. */
export interface TransactionLimits {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderSize: number;
}
