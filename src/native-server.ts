/**
 * The typed boundary to the server half of the native addon. Conventions are those of `native.ts`: non-negative results
 * or a negative `NativeResult`, counters in the `status` array, Latin-1 strings.
 *
 * One {@link NeqoHttp3Server} owns the engine of one UDP socket: all its QUIC connections, found in constant time by
 * connection id. A connection is named by its handle: an index into the engine's table that is not given to another
 * connection before {@link NeqoHttp3Server.release}.
 */
import { type CongestionControl, loadAddon, type NativeAddon, type NativeStats, type UdpPoll } from './native.js';
import type { NativeWebTransportParams, NeqoHttp3ServerWebTransport } from './native-webtransport.js';

/**
 * Kinds of records in a server's event buffer. A record is 8-byte aligned and little-endian, with a head of 40 bytes:
 * u32 kind, u32 length of the whole record (a multiple of 8), f64 stream id, f64 number, u32 flags, u32 count,
 * u32 connection handle, u32 reserved; then the payload, as in `session/neqo-events.ts`.
 */
export const ServerEventKind = {
  /**
   * A connection appeared: its address is acceptable and its ClientHello is being processed. Nothing has been sent to it
   * yet, so it can still be refused with one packet. Payload: text `remoteAddress remotePort localAddress localPort`.
   */
  CONNECTION: 1,
  /** flags: `Http3State` in the low byte, `CloseKind` in the next; number: code; payload: reason or name, UTF-8. */
  STATE_CHANGE: 2,
  /** Request headers. flags: 2 if the stream ended with them (`HeaderFlag.FIN`). Payload: header section. */
  REQUEST: 3,
  DATA_READABLE: 4,
  DATA_WRITABLE: 5,
  /** The peer reset its sending half; number: HTTP/3 error code. */
  RESET: 6,
  /** The peer asked us to stop sending; number: HTTP/3 error code. */
  STOP_SENDING: 7,
  /** Trailer section of a request. Payload: header section. */
  TRAILERS: 8,
  /** RFC 9218 7.2. number: urgency; flags: 1 if incremental. */
  PRIORITY_UPDATE: 9,
  /**
   * A ClientHello names a host for which no credential is set, and `askServerName` is on. The connection waits for
   * `provideCredential`. Payload: the name, UTF-8 (empty: no SNI). Without an answer in `handshakeTimeoutMs` the client is
   * refused, and STATE_CHANGE to CLOSED follows.
   */
  SERVER_NAME: 10,
  /** The peer's address changed (migration or NAT rebinding). Payload as CONNECTION. */
  PATH: 11,
  /** The request's header section exceeds `maxFieldSectionSize`; reading has stopped, an answer (431) can be sent. */
  HEADERS_TOO_LARGE: 12,
  /** The six as those of `EventKind`. STREAMS_CREATABLE tells of bidirectional streams too (flags 0). */
  SETTINGS: 13,
  WEBTRANSPORT_STREAM: 14,
  DATAGRAM: 15,
  DATAGRAMS_WRITABLE: 16,
  STREAMS_CREATABLE: 17,
  STREAM_FINISHED: 18,
} as const;

/**
 * A private key with its certificate chain, checked and kept in NSS's memory, never on disk. The names, the fingerprint and
 * the validity of the leaf are those of `node:crypto`'s X509Certificate of the same DER.
 */
export interface ServerCredential {
  readonly keyType: 'EC' | 'RSA';
  /** Lets go of the key; servers and connections that use it keep it. Every later use throws; a second destroy does nothing. */
  destroy(): void;
}

export interface ServerCredentialConstructor {
  /**
   * @param chain DER, leaf first, then intermediates
   * @param privateKey PKCS#8 DER
   * @throws Error with `code`: `ERR_TLS_CERT_INVALID`, `ERR_TLS_KEY_INVALID`, `ERR_TLS_KEY_UNSUPPORTED` (Ed25519 …),
   *   `ERR_TLS_KEY_MISMATCH` (the key does not belong to the leaf)
   */
  new (chain: readonly Uint8Array[], privateKey: Uint8Array): ServerCredential;
}

/** All parameters of a server engine. Everything is explicit: defaults live in TypeScript. */
export interface NeqoHttp3ServerParams extends NativeWebTransportParams {
  /** A bound, unconnected UDP socket. The caller keeps owning it and closes it after `destroy()`. */
  readonly fd: number;
  /** Its address as getsockname tells it; may be a wildcard. */
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * First bytes of every connection id: QUIC-LB's first octet (config rotation in the top 3 bits; the low 5 are filled
   * with length - 1) and the server id (draft-ietf-quic-load-balancers 3, plaintext). The rest is random.
   */
  readonly connectionIdPrefix: Uint8Array;
  /** 8 to 16, at least 7 above the prefix's length. */
  readonly connectionIdLength: number;
  /**
   * Handshakes and connections in all, but those that are closing; beyond it a new one waits in the queue, then is refused.
   * With those that are closing there are at most twice as many.
   */
  readonly maxConnections: number;
  /** Initials that wait for a free place, and for how long. */
  readonly maxQueuedConnections: number;
  readonly queueTimeoutMs: number;
  /** Handshakes that are not complete; beyond it new ones are treated as beyond maxConnections. */
  readonly maxPendingHandshakes: number;
  readonly handshakeTimeoutMs: number;
  /** Address validation by Retry (RFC 9000 8.1.2): 0 never, 1 always, 2 above a load. */
  readonly retryPolicy: number;
  /** Incomplete handshakes at which policy 2 begins, and below which it ends. */
  readonly retryOnAbove: number;
  readonly retryOffBelow: number;
  /** 32 bytes from which stateless reset tokens are derived (RFC 9000 10.3.2). */
  readonly statelessResetKey: Uint8Array;
  /** Ask by a SERVER_NAME event for hosts without a credential, instead of using the default one. */
  readonly askServerName: boolean;
  /** 0-RTT: how long a ClientHello is remembered against replay; 0 switches 0-RTT off. */
  readonly zeroRttWindowMs: number;
  /** Send session tickets. */
  readonly sessionTickets: boolean;
  readonly maxTableSize: number;
  readonly maxBlockedStreams: number;
  /** Largest header section accepted, bytes as RFC 9114 4.2.2 counts them; sent in SETTINGS. */
  readonly maxFieldSectionSize: number;
  readonly maxData: number;
  /** Initial flow-control window of a request body. */
  readonly maxStreamData: number;
  readonly maxStreamsBidi: number;
  readonly maxStreamsUni: number;
  readonly idleTimeoutMs: number;
  readonly congestionControl: CongestionControl;
  readonly pacing: boolean;
  readonly pmtud: boolean;
  readonly grease: boolean;
  readonly mlkem: boolean;
  readonly versionNegotiation: boolean;
  readonly ackRatio: number;
  readonly fastPto: number;
  readonly qlogDir: string;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

/** What is known of a connection. TLS facts are 0, '' or false before the handshake is complete. */
export interface NativeConnectionInfo {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Original destination connection id in hex; names the qlog file. */
  readonly connectionId: string;
  readonly quicVersion: number;
  readonly serverName: string;
  readonly alpn: string;
  /** IANA code points. */
  readonly cipher: number;
  readonly group: number;
  readonly signatureScheme: number;
  readonly resumed: boolean;
  readonly earlyData: boolean;
  /** A Retry validated the address. */
  readonly retried: boolean;
}

/** Totals of an engine since it was made, and what is open now. */
export interface NativeServerStats {
  readonly connections: number;
  readonly pendingHandshakes: number;
  readonly queuedConnections: number;
  readonly accepted: number;
  /** Refused with CONNECTION_REFUSED: no place, shutting down, or the application's decision. */
  readonly refused: number;
  readonly handshakesFailed: number;
  readonly retriesSent: number;
  readonly retryActive: boolean;
  readonly versionNegotiationsSent: number;
  readonly statelessResetsSent: number;
  /** Datagrams that belong to no connection and begin none. */
  readonly datagramsDiscarded: number;
  readonly datagramsForwarded: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  readonly receiveCalls: number;
  readonly sendCalls: number;
  readonly wouldBlockReceive: number;
  readonly wouldBlockSend: number;
}

/**
 * The engine of one UDP socket. Bound to the thread that made it. No method calls back into JavaScript. The methods that set
 * something for all connections throw an Error with `code` ERR_NEQO_SETTING if the engine does not take it.
 */
export interface NeqoHttp3Server extends NeqoHttp3ServerWebTransport {
  /** Reads datagrams until the socket is empty or `maxDatagrams` were read, routes them and runs HTTP/3. */
  processInput(maxDatagrams: number): number;
  /** Runs timers, asks ready connections for datagrams in turn, and sends them in batches. */
  processOutput(maxDatagrams: number): number;
  /** Writes waiting events to the event buffer; returns the bytes written (0: none). */
  nextEvents(): number;
  eventBuffer(): Uint8Array;

  /**
   * The credential for a host name ('example.org', '*.example.org', an IP literal) or '' for all others. Replacing one
   * takes effect for new handshakes. `undefined` removes it.
   */
  setCredential(hostName: string, credential: ServerCredential | undefined): void;
  /** Answers SERVER_NAME: this connection goes on with the credential, or with the default one if undefined. */
  provideCredential(connection: number, credential: ServerCredential | undefined): number;

  /**
   * Sends a header section and, if given, the beginning of the body with it. `head` is the section with each name and
   * each value ended by a NUL: ':status\0' + '200\0' + 'content-type\0' … An interim (1xx) section may be followed by
   * others. Returns the body bytes accepted, or a NativeResult: TOO_MUCH_DATA if the client does not accept a section of this
   * size (its SETTINGS_MAX_FIELD_SECTION_SIZE, 1 MiB without it); nothing was sent then. With `fin`, the stream ends if all
   * of the body was taken.
   */
  respond(
    connection: number,
    streamId: number,
    head: string,
    body: Uint8Array | undefined,
    offset: number,
    length: number,
    fin: boolean,
  ): number;
  /** Returns the bytes accepted (0: wait for DATA_WRITABLE) or a NativeResult. With `fin`, ends the stream if all was taken. */
  sendData(
    connection: number,
    streamId: number,
    data: Uint8Array,
    offset: number,
    length: number,
    fin: boolean,
  ): number;
  /** Trailer section, encoded as `respond`'s head and with its limit, and FIN. */
  sendTrailers(connection: number, streamId: number, trailers: string): number;
  /** FIN. */
  endStream(connection: number, streamId: number): number;
  /** Reads body bytes; returns the count or a NativeResult. Sets FIN. */
  readData(connection: number, streamId: number, into: Uint8Array, offset: number, length: number): number;
  /** RESET_STREAM only. */
  resetStream(connection: number, streamId: number, error: number): number;
  /** STOP_SENDING only. */
  stopSending(connection: number, streamId: number, error: number): number;
  /** Both; the engine forgets the stream. */
  cancelStream(connection: number, streamId: number, error: number): number;
  /**
   * Sends GOAWAY (RFC 9114 5.2). With `final` false it announces the end (largest id) and still takes requests; with
   * true it names the first request id that is not taken: later ones are reset with H3_REQUEST_REJECTED. Returns that id.
   */
  goaway(connection: number, final: boolean): number;
  /** Application close with an HTTP/3 error code. */
  close(connection: number, error: number, reason: string): number;
  /** As `close`, as soon as the client has acknowledged all responses: CONNECTION_CLOSE ends retransmissions. */
  closeWhenSent(connection: number, error: number): number;
  /**
   * CONNECTION_REFUSED (RFC 9000 20.1): also before the handshake is complete, where it costs one packet. Instead of an answer
   * to SERVER_NAME too: the handle is then free at once, and no event of it follows.
   */
  refuse(connection: number): number;
  /** After STATE_CHANGE to CLOSED was handled: the handle may be used again. */
  release(connection: number): void;
  connectionInfo(connection: number): NativeConnectionInfo | undefined;
  connectionStats(connection: number): NativeStats | undefined;
  /** False: new connections are refused (graceful shutdown), or go to other processes that share the port. */
  setAccepting(accepting: boolean): void;
  /** See the params of the same names. */
  setRetry(policy: number, onAbove: number, offBelow: number): void;
  setMaxConnections(maxConnections: number): void;
  stats(): NativeServerStats;

  /**
   * Processes that share the port (SO_REUSEPORT): datagrams whose connection id names another process of this machine are
   * handed on over Unix datagram sockets. The last `idLength` bytes of `connectionIdPrefix` name the process; each has a
   * socket `directory`/ID.sock, with its id in hex. `fd` is this process's, non-blocking, open until `destroy()`. With it,
   * new connections go to another process when this one does not accept any more.
   */
  setForwarding(fd: number, directory: string, idLength: number): void;
  /** Reads forwarded datagrams from the Unix socket, as processInput does from the UDP socket. */
  processForwarded(maxDatagrams: number): number;

  lastError(): string;
  /** Drops all connections at once, without CONNECTION_CLOSE. Every later call throws; a second destroy does nothing. */
  destroy(): void;
}

export interface NeqoHttp3ServerConstructor {
  /**
   * @param params all parameters
   * @param status `Float64Array` of `Status.LENGTH`
   * @param events event buffer; at least 64 KiB. A larger single event grows it: `eventBuffer()` then returns a new one.
   * @throws Error with `code` (errno name or `ERR_NEQO_INIT`)
   */
  new (params: NeqoHttp3ServerParams, status: Float64Array, events: Uint8Array): NeqoHttp3Server;
}

/** Retry policies of {@link NeqoHttp3ServerParams.retryPolicy}. */
export const RetryPolicy = { NEVER: 0, ALWAYS: 1, LOAD: 2 } as const;

/** Options for binding a server's UDP socket. */
export interface UdpBindOptions {
  /** IP literal; a wildcard is allowed. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Only IPv6 on an IPv6 wildcard (IPV6_V6ONLY); otherwise dual stack. */
  readonly ipv6Only: boolean;
  /** Share the port with other processes (SO_REUSEPORT). */
  readonly reusePort: boolean;
}

/** Options for binding the Unix datagram socket over which processes that share a port hand datagrams on. */
export interface UnixBindOptions {
  /**
   * Path of the socket's file, at most 107 bytes. There must be none, or one whose socket is closed (else EADDRINUSE); only
   * this user may send to it, and it is removed when the socket is closed.
   */
  readonly unixPath: string;
}

/**
 * Virtual fds: `socketpair(AF_UNIX, SOCK_STREAM)`, both ends non-blocking and close-on-exec. The second of a pair is the
 * internal end: it is closed with `closeFds` and nothing else. Pairs that are open when a thread ends are closed with it.
 */
export interface VirtualFdCalls {
  /**
   * Makes `count` pairs; returns [fd0, fd1, fd0, fd1, …] of as many as could be made. If not even one could, returns the
   * negative errno (-EMFILE, -ENFILE …).
   */
  socketPairs(count: number): Int32Array | number;
  /** Closes descriptors; errors are ignored. */
  closeFds(fds: Int32Array): void;
  /** Ends the stream of an internal end (shutdown, both directions): the other end becomes readable with EOF. */
  hangUp(fd: number): void;
  /**
   * Soft and hard RLIMIT_NOFILE (Infinity where there is none), and descriptors open now (-1 if the system does not tell).
   * A few microseconds from Linux 6.2 on; about a microsecond for each open descriptor elsewhere.
   */
  fdUsage(): { readonly soft: number; readonly hard: number; readonly open: number };
  /** Sets the soft limit, at most to the hard one; returns the new soft limit. @throws Error with errno code */
  setFdLimit(soft: number): number;
}

/** What the addon exports for servers. */
export interface ServerAddon extends VirtualFdCalls, Pick<NativeAddon, 'counters'> {
  readonly NeqoHttp3Server: NeqoHttp3ServerConstructor;
  readonly ServerCredential: ServerCredentialConstructor;
  readonly UdpPoll: UdpBindConstructor;
}

export interface UdpBindConstructor {
  /**
   * Opens and binds the socket. `localAddress` of a Unix socket is its path, `localPort` 0.
   * @param onReady as for the client's sockets
   * @throws Error with `code`, `errno`, `syscall`, as Node's own (EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE …)
   */
  new (options: UdpBindOptions | UnixBindOptions, onReady: (events: number, status: number) => void): UdpPoll;
}

/** The addon of this thread as servers use it. @throws as {@link loadAddon} */
export function loadServerAddon(): ServerAddon {
  // One file exports both halves.
  return loadAddon() as NativeAddon & ServerAddon;
}
