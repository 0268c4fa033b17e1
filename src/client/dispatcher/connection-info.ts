import type { ConnectionInfo } from '../../session/session-types.js';

/** Moments of a request, in milliseconds of `performance.now()`; undefined where they are not known. */
export interface ResponseTimings {
  /** The request was dispatched. */
  readonly start: number;
  /** The connection began to be made; undefined if one was there already. */
  readonly connectStart?: number | undefined;
  readonly connectEnd?: number | undefined;
  /** The header section was given to the transport. */
  readonly requestSent?: number | undefined;
  /** The final response headers came. */
  readonly responseStart?: number | undefined;
}

/** Which connection answers a request, and how. */
export interface ResponseConnectionInfo {
  readonly protocol: 'h3' | 'h2' | 'http/1.1' | undefined;
  /** Undefined over TCP where undici does not say it. */
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** The TLS handshake used what an earlier connection left. */
  readonly resumed: boolean | undefined;
  /** This request went out in 0-RTT, and the server accepted that. */
  readonly earlyData: boolean;
  readonly timings: ResponseTimings;
  /** Facts of the QUIC connection; undefined over TCP. */
  readonly connection: ConnectionInfo | undefined;
}
