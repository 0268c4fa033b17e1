import type { X509Certificate } from 'node:crypto';
import type { Http3Error } from '../errors.js';
import type { NativeStats, NativeTlsInfo } from '../native.js';
import type { Http3Session } from './http3-session.js';
import type { QuicOptions } from './session-params.js';
import type { StoredToken } from './token-store.js';
import type { TrustAnchors } from './trust-anchors.js';

/** What a session needs to know; all decided before it is made. */
export interface Http3SessionParams {
  /** Name for SNI, and that the certificate must be for. */
  readonly serverName: string;
  /** Anchors to verify with, or undefined to accept any certificate. */
  readonly trustAnchors: TrustAnchors | undefined;
  readonly idleTimeout: number;
  readonly quic: Required<QuicOptions>;
  readonly qlogDir: string;
  readonly resumptionToken: StoredToken | undefined;
  /** Send safe requests in 0-RTT. */
  readonly earlyData: boolean;
  readonly echConfigList: Uint8Array | undefined;
}

/** What a session needs of the connection it runs on. HttpConnectionUDP implements it. */
export interface SessionConnection {
  resumeSend(): void;
  resumeSendLater(): void;
  resumeRecv(): void;
  onQuicTimeoutExpired(): void;
  readonly socket: {
    readonly fd: number;
    readonly localAddress: string;
    readonly localPort: number;
    readonly remoteAddress: string;
    readonly remotePort: number;
    ref(): void;
    unref(): void;
    waitForWritable(): void;
  };
}

/** Dropping it reclaims the connection: necko's ConnectionHandle. */
export interface ConnectionHandle {
  release(): void;
}

/** Told of what happens to a session. Called inside entry points: an implementation must not touch the session's neqo. */
export interface SessionListener {
  /** Early data can be sent: transactions may be added though the handshake is not done. */
  onEarlyData(session: Http3Session): void;
  onConnected(session: Http3Session): void;
  /** The server takes no new requests (RFC 9114 5.2). */
  onGoaway(session: Http3Session): void;
  onResumptionToken(session: Http3Session, token: StoredToken): void;
  /** The session became idle, or busy again. */
  onActivityChanged(session: Http3Session): void;
  /** The connection is over; its streams have been told. `echConfigList` is what an ECH retry offers. */
  onClosed(session: Http3Session, reason: Http3Error, echConfigList: Uint8Array | undefined): void;
}

/** Facts about an established connection. */
export interface ConnectionInfo {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly alpnProtocol: string;
  readonly tls: NativeTlsInfo | undefined;
  /** The handshake used a resumption token. */
  readonly resumed: boolean;
  /** 0-RTT: not tried, accepted, or rejected by the server. */
  readonly earlyData: 'none' | 'accepted' | 'rejected';
  readonly certificates: readonly X509Certificate[];
  /** Whether the certificate chain was verified. */
  readonly authorized: boolean;
  /** Milliseconds of `performance.now()`. */
  readonly handshakeStart: number;
  readonly handshakeEnd: number;
}

export type SessionStats = NativeStats;
