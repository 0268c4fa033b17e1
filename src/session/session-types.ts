import type { X509Certificate } from 'node:crypto';
import type { Http3Error } from '../errors.js';
import type { NativeStats, NativeTlsInfo } from '../native.js';
import type { Transaction } from '../stream/transaction.js';
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

/** A session as those above see it; Http3Session implements it. */
export interface Session {
  /** Handshake done and not closing. */
  readonly connected: boolean;
  readonly closed: boolean;
  /** Takes new transactions: necko's CanReuse. */
  readonly canReuse: boolean;
  /** Streams of any kind, waiting ones included. */
  readonly streamCount: number;
  /** Streams that neqo has not been given yet. */
  readonly waitingCount: number;
  /** Facts of the connection; undefined before it is established. */
  readonly info: ConnectionInfo | undefined;
  /** Adds a transaction; its request goes out in the coming turn. */
  addStream(transaction: Transaction): void;
  /**
   * Sends CONNECTION_CLOSE with an HTTP/3 error code. The object lives on until neqo has drained the connection, so that a
   * lost close is sent again; with `immediately` it goes at once.
   */
  close(errorCode: number, reason: Http3Error, immediately?: boolean): void;
  /** Statistics of neqo, taken in the coming turn; the last ones if the connection is over. */
  stats(): Promise<SessionStats | undefined>;
  /** Asks for a key update (RFC 9001 6); false if none is possible now. */
  initiateKeyUpdate(): Promise<boolean>;
}

/** Told of what happens to a session. Called inside entry points: an implementation must not touch the session's neqo. */
export interface SessionListener {
  /** Early data can be sent: transactions may be added though the handshake is not done. */
  onEarlyData(session: Session): void;
  onConnected(session: Session): void;
  /** The server takes no new requests (RFC 9114 5.2). */
  onGoaway(session: Session): void;
  onResumptionToken(session: Session, token: StoredToken): void;
  /** The session became idle, or busy again. */
  onActivityChanged(session: Session): void;
  /** The connection is over; its streams have been told. `echConfigList` is what an ECH retry offers. */
  onClosed(session: Session, reason: Http3Error, echConfigList: Uint8Array | undefined): void;
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
