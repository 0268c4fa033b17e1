import type { X509Certificate } from 'node:crypto';
import type { Http3Error } from '../errors.js';
import type { NativeStats, NativeTlsInfo } from '../native.js';
import type { Transaction } from '../stream/transaction.js';
import type { WebTransportMux } from '../stream/webtransport/webtransport-mux.js';
import type { QuicOptions, WebTransportParams } from './session-params.js';
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
  /** Milliseconds between PINGs on an established connection, 0 for none. Default 60,000. */
  readonly pingInterval?: number | undefined;
  /** SHA-256 of the certificates that are accepted, whoever signed them; instead of `trustAnchors`. */
  readonly certificateHashes?: readonly Uint8Array[] | undefined;
  /** Offer WebTransport to the server (SETTINGS), and take its streams and datagrams. Default: none. */
  readonly webTransport?: WebTransportParams | undefined;
}

/** What a session needs of the connection it runs on. HttpConnectionUDP implements it. */
export interface SessionConnection {
  resumeSend(): void;
  resumeSendLater(): void;
  resumeSendAfterMicrotasks(): void;
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
    /** Goes on with a new socket if `adopt` takes it; false if it does not, or if there can be none. */
    rebind(
      adopt: (next: { readonly fd: number; readonly localAddress: string; readonly localPort: number }) => boolean,
    ): boolean;
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
  /** The server allows no more streams for now (MAX_STREAMS, RFC 9000 4.6). */
  readonly blocked: boolean;
  /** Facts of the connection; undefined before it is established. */
  readonly info: ConnectionInfo | undefined;
  /** Its WebTransport sessions; undefined if it was made without WebTransport. */
  readonly webTransport: WebTransportMux | undefined;
  /** Whether somebody waits for its handshake, so that the process has to stay for it. Default true. */
  set awaited(awaited: boolean);
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
  /**
   * Moves an established connection to a new local port, and to whatever local address the system now chooses, or to the one that
   * the options name (RFC 9000 9.2). Requests go on. False if that is not possible: no handshake yet, a server that forbids it
   * or has given no spare connection id, no way to the server from here now; the connection stays where it is.
   */
  rebind(): Promise<boolean>;
  /**
   * Sends PING (RFC 9000 19.2), or the next packet that elicits an acknowledgement. Milliseconds until it is acknowledged, the delay
   * that the server may take for that (RFC 9000 13.2.1) included; undefined if the connection ends first.
   */
  ping(): Promise<number | undefined>;
  /**
   * Asks whether the server is still there, as after a timeout. If nothing arrives from it within 8 probe timeouts, at least 2 s, the
   * connection is lost, and its requests fail with UND_ERR_SOCKET.
   */
  probe(): void;
}

/** Told of what happens to a session. Called inside entry points: an implementation must not touch the session's neqo. */
export interface SessionListener {
  /** Early data can be sent: transactions may be added though the handshake is not done. */
  onEarlyData(session: Session): void;
  onConnected(session: Session): void;
  /** The server takes no new requests (RFC 9114 5.2). */
  onGoaway(session: Session): void;
  /** The server allows more streams than wait for one. */
  onRequestsCreatable(session: Session): void;
  onResumptionToken(session: Session, token: StoredToken): void;
  /** The session became idle, or busy again. */
  onActivityChanged(session: Session): void;
  /** The server acknowledged a PING so many milliseconds after it was sent. */
  onPing?(session: Session, ms: number): void;
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
