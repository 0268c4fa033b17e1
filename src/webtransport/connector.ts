import type { ConnectionOptions } from '../http/connection-options.js';
import type { Http3WebTransportSession } from '../stream/webtransport/http3-webtransport-session.js';
import type {
  WebTransportCongestionControl,
  WebTransportDatagramsReadableType,
  WebTransportReliabilityMode,
} from './dictionaries.js';

/** A server certificate that is accepted (W3C WebTransport, `WebTransportHash`). */
export interface CertificateHash {
  /** As given; only 'sha-256' is known, others match nothing. */
  readonly algorithm: string;
  /** A copy of the bytes. */
  readonly value: Uint8Array;
}

/** Constructor options, converted, with every default in place and the W3C constructor's checks passed. */
export interface CheckedOptions {
  readonly allowPooling: boolean;
  readonly requireUnreliable: boolean;
  /** Not empty only without `allowPooling`. */
  readonly serverCertificateHashes: readonly CertificateHash[];
  readonly congestionControl: WebTransportCongestionControl;
  readonly anticipatedConcurrentIncomingUnidirectionalStreams: number | null;
  readonly anticipatedConcurrentIncomingBidirectionalStreams: number | null;
  /** Valid, no duplicates; order of preference. */
  readonly protocols: readonly string[];
  /** Names in lower case; values with their outer white space removed; none that Fetch or WebTransport forbids. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly datagramsReadableType: WebTransportDatagramsReadableType;
  /** Not of the W3C. */
  readonly connection: ConnectionOptions;
}

/** A session that the server has accepted. */
export interface ReadySession {
  readonly session: Http3WebTransportSession;
  /** Name, value, name, value … as they came. */
  readonly responseHeaders: readonly string[];
  /** The server's choice of `protocols`; undefined: none. */
  readonly protocol: string | undefined;
  readonly reliability: Exclude<WebTransportReliabilityMode, 'pending'>;
}

/** A session on its way. Neither callback is called before both are set, that is in `connect()` itself. */
export interface PendingSession {
  /** Called at most once, in the turn in which the 2xx response arrives, before anything else of the session. */
  onReady(done: (ready: ReadySession) => void): void;
  /** Called at most once, never after `onReady`'s. The error becomes the cause of the WebTransportError. */
  onFailed(done: (error: Error) => void): void;
  /** `close()` before it was ready: nothing is called any more; what exists is torn down with this code and reason. */
  abandon(closeCode: number, reason: string): void;
}

/** Makes sessions for `new WebTransport(…)`. */
export interface SessionConnector {
  /**
   * Does not throw: a port that Fetch forbids and the like are failures of the session. The URL's scheme is https and it
   * has no fragment.
   */
  connect(url: URL, options: CheckedOptions): PendingSession;
}

let installed: SessionConnector | undefined;

/** Called once, by the entry point that offers the constructor. */
export function installConnector(connector: SessionConnector): void {
  installed = connector;
}

/** Undefined where only the server's sessions exist. */
export function installedConnector(): SessionConnector | undefined {
  return installed;
}
