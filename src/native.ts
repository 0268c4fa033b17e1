/**
 * The typed boundary to the native addon. This is the only file that knows where the addon lies; everything above it
 * sees the interfaces below.
 *
 * Conventions of the boundary:
 * - Calls on hot paths return numbers: a non-negative result, or a negative {@link NativeResult}. Nothing is thrown for
 *   what the network or the peer can cause. A `TypeError` means a programming error (wrong argument, use after destroy).
 * - Counters and flags that a call produces besides its result are written to the connection's `status` array
 *   ({@link Status}), which JavaScript owns and native code fills.
 * - QUIC stream ids, lengths and error codes are JavaScript numbers. An error code above 2^53 is rounded.
 * - Strings in events are Latin-1: each character is one byte of the wire.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeWebTransportParams, NeqoHttp3ConnWebTransport } from './native-webtransport.js';

export type { NativeRecvStreamStats, NativeSendStreamStats } from './native-webtransport.js';

/** Negative results of native calls. */
export const NativeResult = {
  OK: 0,
  /** The peer's stream limit is reached: queue until RequestsCreatable (RFC 9000 4.6). */
  STREAM_LIMIT: -1,
  /** The connection takes no new streams any more (GOAWAY received, closing, closed). */
  UNAVAILABLE: -2,
  /** No such stream, or that half of it is finished already. */
  INVALID_STREAM: -3,
  /** The arguments are not acceptable to neqo. */
  INVALID_INPUT: -4,
  /** Not possible in the present state of the connection or session. */
  INVALID_STATE: -5,
  /** A datagram is larger than the path or the peer allows; a header section is larger than the client accepts. */
  TOO_MUCH_DATA: -6,
  /** The stream's bytes cannot be parsed; neqo is resetting it or closing the connection, and an event says so. */
  PROTOCOL_ERROR: -7,
  /** A TLS or crypto call failed. */
  CRYPTO: -8,
  /** Anything else; `lastError()` has neqo's name for it. */
  INTERNAL: -9,
  /** The queue for datagrams is full and nothing was taken: wait for DATAGRAMS_WRITABLE. */
  BLOCKED: -10,
  /** Rust panicked. The connection is unusable; `lastError()` has the message. */
  PANIC: -99,
} as const;

/** Indices into the `status` array of a connection, and of a server. */
export const Status = {
  /** processInput: payload bytes read from the socket. */
  BYTES_IN: 0,
  /** processInput: datagrams read from the socket. */
  DATAGRAMS_IN: 1,
  /** processInput: 1 if it stopped at its bound with the socket not yet empty. */
  INPUT_MORE: 2,
  /** processInput, processOutput: errno of a socket error, or 0. WouldBlock is no error. */
  ERRNO: 3,
  /** processOutput: payload bytes handed to the kernel. */
  BYTES_OUT: 4,
  /** processOutput: datagrams handed to the kernel. */
  DATAGRAMS_OUT: 5,
  /** processOutput: 1 if the socket would block; datagrams are kept and sent by the next call. */
  OUTPUT_BLOCKED: 6,
  /** processOutput: 1 if it stopped at its bound with more to send. */
  OUTPUT_MORE: 7,
  /** processOutput: milliseconds (whole, at least 1) until it wants to be called again; -1 for never. */
  TIMEOUT_MS: 8,
  /** nextEvents: 1 if events are left that did not fit. */
  EVENTS_MORE: 9,
  /** readResponseData, readData: 1 if the stream's end was reached. */
  FIN: 10,
  LENGTH: 16,
} as const;

/** Kinds of records in the event buffer. Layouts are in `session/neqo-events.ts` and `native/neqo-ffi/src/events.rs`. */
export const EventKind = {
  HEADER_READY: 1,
  DATA_WRITABLE: 2,
  DATA_READABLE: 3,
  RESET: 4,
  STOP_SENDING: 5,
  PUSH_PROMISE: 6,
  PUSH_HEADER_READY: 7,
  PUSH_DATA_READABLE: 8,
  PUSH_CANCELED: 9,
  PUSH_RESET: 10,
  REQUESTS_CREATABLE: 11,
  AUTHENTICATION_NEEDED: 12,
  ECH_FALLBACK_AUTHENTICATION_NEEDED: 13,
  RESUMPTION_TOKEN: 14,
  ZERO_RTT_REJECTED: 15,
  GOAWAY_RECEIVED: 16,
  STATE_CHANGE: 17,
  /** With `params.webtransport`: the peer's settings. Payload: text `id value id value …`, decimal. */
  SETTINGS: 18,
  /** The peer opened a stream of a session, and its header was read; number: session id. */
  WEBTRANSPORT_STREAM: 19,
  /** An HTTP datagram; stream id: the session's; payload: its bytes. */
  DATAGRAM: 20,
  /** There is room for datagrams again after BLOCKED. */
  DATAGRAMS_WRITABLE: 21,
  /** The peer allows more streams. flags: 1 unidirectional; of bidirectional ones REQUESTS_CREATABLE tells. */
  STREAMS_CREATABLE: 22,
  /** Trailer section of a response (by patch: neqo 0.13.4 drops it). */
  TRAILERS: 23,
  /** What `ping` asked for is done; number: milliseconds (by patch). */
  PING_ACKNOWLEDGED: 24,
  /** The peer has acknowledged all of a stream of a session that this side has ended. */
  STREAM_FINISHED: 25,
} as const;

/** `Http3State` of neqo, as in a STATE_CHANGE record. */
export const Http3State = {
  INITIALIZING: 0,
  ZERO_RTT: 1,
  CONNECTED: 2,
  GOING_AWAY: 3,
  CLOSING: 4,
  CLOSED: 5,
} as const;

/** Why a connection is closing or closed, as in a STATE_CHANGE record; `code` is what the kind says. */
export const CloseKind = {
  NONE: 0,
  /** A transport error found on this side; code: RFC 9000 20.1 value. */
  TRANSPORT: 1,
  /** An application close by this side; code: the HTTP/3 error. */
  APPLICATION: 2,
  /** The peer sent CONNECTION_CLOSE of type 0x1c; code: its transport error. */
  PEER_TRANSPORT: 3,
  /** The peer sent CONNECTION_CLOSE of type 0x1d; code: its HTTP/3 error. */
  PEER_APPLICATION: 4,
  /** The idle timeout ran out, or the handshake got no answer. */
  IDLE_TIMEOUT: 5,
  /** A stateless reset arrived. */
  STATELESS_RESET: 6,
  /** TLS failed on this side; code: the TLS alert. */
  CRYPTO_ALERT: 7,
  /** NSS failed; code: the absolute value of its PRErrorCode. */
  CRYPTO: 8,
  /** The server offered new ECH configurations (they are in the record). */
  ECH_RETRY: 9,
  /** No common QUIC version. */
  VERSION_NEGOTIATION: 10,
  /** Anything else inside neqo; the record's text names it. */
  INTERNAL: 11,
  /** Of a server: the handshake was not complete within `handshakeTimeoutMs`. */
  HANDSHAKE_TIMEOUT: 12,
} as const;

/** Congestion control algorithms of neqo. */
export type CongestionControl = 'newreno' | 'cubic';

/** All parameters of a client connection. Everything is explicit: defaults live in TypeScript, in one place. */
export interface NeqoHttp3ConnParams extends NativeWebTransportParams {
  /** File descriptor of a bound and connected UDP socket. The caller keeps owning it and closes it after `destroy()`. */
  readonly fd: number;
  /** Name for SNI and ECH; an IP literal sends no SNI. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** IP literals, IPv6 without brackets. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** QPACK dynamic table capacity in bytes, both directions. */
  readonly maxTableSize: number;
  readonly maxBlockedStreams: number;
  /** Connection flow-control window in bytes. */
  readonly maxData: number;
  /** Initial flow-control window in bytes of a response. */
  readonly maxStreamData: number;
  /** Streams that the server may open: bidirectional (WebTransport), unidirectional. */
  readonly maxStreamsBidi: number;
  readonly maxStreamsUni: number;
  readonly idleTimeoutMs: number;
  readonly congestionControl: CongestionControl;
  readonly pacing: boolean;
  readonly pmtud: boolean;
  readonly grease: boolean;
  readonly sniSlicing: boolean;
  /** Offer X25519MLKEM768. */
  readonly mlkem: boolean;
  /** Offer QUIC version 2 (compatible version negotiation). */
  readonly versionNegotiation: boolean;
  /** neqo's ack ratio: acknowledgements asked of the peer per round trip, scaled by 10. */
  readonly ackRatio: number;
  /** Scale of the PTO in percent (100 is RFC 9002). */
  readonly fastPto: number;
  /** Directory for qlog files, or the empty string. */
  readonly qlogDir: string;
  /** Socket buffers to ask of the kernel in bytes; 0 keeps the system's. */
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

/** What TLS negotiated. Numbers are IANA code points. */
export interface NativeTlsInfo {
  readonly version: number;
  readonly cipher: number;
  readonly group: number;
  readonly signatureScheme: number;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  readonly earlyData: boolean;
  readonly echAccepted: boolean;
}

/** Transport statistics; counts since the connection began, times in milliseconds. */
export interface NativeStats {
  readonly packetsReceived: number;
  readonly packetsDuplicate: number;
  readonly packetsDropped: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly packetsLateAcked: number;
  readonly ptoAcked: number;
  readonly ptoCounts: readonly number[];
  readonly savedDatagrams: number;
  readonly pmtudSent: number;
  readonly pmtudAcked: number;
  readonly pmtudLost: number;
  readonly pmtu: number;
  readonly resumed: boolean;
  readonly rttMs: number;
  readonly rttVarMs: number;
  readonly ecnCeSent: number;
  readonly ecnCeReceived: number;
  readonly framesReceived: Readonly<Record<string, number>>;
  readonly framesSent: Readonly<Record<string, number>>;
  readonly datagramsDroppedIncoming: number;
  readonly datagramsLost: number;
  readonly datagramsDroppedTooBig: number;
  readonly datagramsDroppedQueueFull: number;
  /** Totals of UDP payload through this socket. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** System calls made for them: how well batching works. */
  readonly receiveCalls: number;
  readonly sendCalls: number;
  readonly wouldBlockReceive: number;
  readonly wouldBlockSend: number;
  readonly qpackEncoderDynamicReferences: number;
  readonly qpackDecoderDynamicReferences: number;
  /** Lengths of the packets that were acknowledged, and declared lost, in bytes. */
  readonly packetBytesAcked: number;
  readonly packetBytesLost: number;
  /** QUIC datagrams (RFC 9221) that were queued, and acknowledged; `framesSent.datagram` counts those sent. */
  readonly datagramFramesQueued: number;
  readonly datagramFramesAcked: number;
  /** Of the path, in bytes, and bytes per second: absent before there is one, or before a round trip was measured. */
  readonly minRttMs?: number;
  readonly congestionWindow?: number;
  readonly bytesInFlight?: number;
  /** Congestion window by smoothed round-trip time. */
  readonly sendRate?: number;
  /** The congestion window has no room for a full packet. */
  readonly congestionLimited?: boolean;
}

/** A resumption token with its end of life in milliseconds since the epoch. */
export interface NativeResumptionToken {
  readonly token: Uint8Array;
  readonly expires: number;
}

/** One QUIC and HTTP/3 client connection: neqo's `Http3Client` with UDP I/O in batches. Bound to the thread that made it. */
export interface NeqoHttp3Conn extends NeqoHttp3ConnWebTransport {
  /**
   * Reads datagrams from the socket until it is empty or `maxDatagrams` have been read, and gives them to neqo.
   * Sets BYTES_IN, DATAGRAMS_IN, INPUT_MORE, ERRNO. Returns OK, or PANIC.
   */
  processInput(maxDatagrams: number): number;
  /**
   * Asks neqo for datagrams and sends them in batches until neqo has no more, the socket would block or `maxDatagrams`
   * have been sent. Sets BYTES_OUT, DATAGRAMS_OUT, OUTPUT_BLOCKED, OUTPUT_MORE, TIMEOUT_MS, ERRNO. Returns OK, or PANIC.
   */
  processOutput(maxDatagrams: number): number;
  /** Writes waiting events to the event buffer; returns the bytes written (0: none). Sets EVENTS_MORE. */
  nextEvents(): number;
  /** The event buffer; another one than before after `nextEvents` had to grow it for one large event. */
  eventBuffer(): Uint8Array;
  /** Opens a request stream. `headers` is flat: name, value, name, value … Returns the stream id or a NativeResult. */
  fetch(
    method: string,
    scheme: string,
    authority: string,
    path: string,
    headers: readonly string[],
    urgency: number,
    incremental: boolean,
  ): number;
  /** Returns the bytes accepted (0: flow control, wait for DATA_WRITABLE) or a NativeResult. */
  sendRequestBody(streamId: number, data: Uint8Array, offset: number, length: number): number;
  /** Reads body bytes into `into`; returns the count or a NativeResult. Sets FIN. */
  readResponseData(streamId: number, into: Uint8Array, offset: number, length: number): number;
  /** Ends the sending side with FIN. */
  closeStream(streamId: number): number;
  /** RESET_STREAM and STOP_SENDING with an HTTP/3 error code; neqo forgets the stream. */
  cancelFetch(streamId: number, error: number): number;
  /** RESET_STREAM only. */
  resetStream(streamId: number, error: number): number;
  /** STOP_SENDING only. */
  streamStopSending(streamId: number, error: number): number;
  priorityUpdate(streamId: number, urgency: number, incremental: boolean): number;
  /** Sets the receive window of a stream in bytes (switches autotuning of that stream off, as neqo does). */
  setStreamMaxData(streamId: number, maxData: number): number;
  /** Begins an application close with an HTTP/3 error code. */
  close(error: number, reason: string): number;
  /** Result of certificate verification: 0, or an NSS or mozilla::pkix error (it selects the TLS alert). */
  authenticated(prErrorCode: number): number;
  /** The peer's chain in DER, leaf first; undefined before it arrived and on resumption. */
  peerCertificateChain(): Uint8Array[] | undefined;
  tlsInfo(): NativeTlsInfo | undefined;
  /** Before the first processOutput only. */
  setResumptionToken(token: Uint8Array): number;
  /** A token without waiting for NEW_TOKEN, if there is one. */
  takeResumptionToken(): NativeResumptionToken | undefined;
  /** Before the first processOutput and before setResumptionToken only. */
  setEchConfig(echConfigList: Uint8Array): number;
  /** The current `Http3State`. */
  state(): number;
  stats(): NativeStats;
  initiateKeyUpdate(): number;
  /**
   * Goes on with another socket (RFC 9000 9), bound to that address and connected to the same peer. On OK it is used from now
   * on, and the one before is the caller's to close; INVALID_STATE: QUIC does not allow it (now), and all stays as it is.
   */
  rebind(fd: number, localAddress: string, localPort: number): number;
  /** Has something sent that the peer acknowledges, PING if there is nothing else; PING_ACKNOWLEDGED tells the round trip. */
  ping(): number;
  /** Original destination connection id in hex; names the qlog file. */
  connectionId(): string;
  /** neqo's name of the last error on this connection, or a panic's message. */
  lastError(): string;
  /** Drops the connection at once, without a CONNECTION_CLOSE. Every later call throws; a second destroy does nothing. */
  destroy(): void;
}

export interface NeqoHttp3ConnConstructor {
  /**
   * @param params all parameters
   * @param status `Float64Array` of {@link Status}.LENGTH
   * @param events event buffer; at least 64 KiB. A larger single event grows it: `eventBuffer()` then returns a new one.
   * @throws Error with `code` (errno name or `ERR_NEQO_INIT`) when the socket or neqo cannot be set up
   */
  new (params: NeqoHttp3ConnParams, status: Float64Array, events: Uint8Array): NeqoHttp3Conn;
}

/** Options for opening a UDP socket. */
export interface UdpPollOptions {
  /** IP literal to bind to, or undefined for the wildcard of the remote's family. */
  readonly localAddress: string | undefined;
  /** 0 lets the kernel choose. */
  readonly localPort: number;
  /** IP literal (IPv6 may have a %scope) to connect the socket to, so that ICMP errors and only the peer's datagrams arrive. */
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** A datagram socket with its uv_poll handle. Non-blocking, close-on-exec. */
export interface UdpPoll {
  readonly fd: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** 1 readable, 2 writable, 3 both, 0 stops polling. */
  poll(events: number): void;
  ref(): void;
  unref(): void;
  /** Stops polling and closes the descriptor. Idempotent. */
  close(): void;
}

export interface UdpPollConstructor {
  /**
   * Opens, binds and connects the socket.
   * @param onReady called with the ready events (1 readable, 2 writable, 3 both) and 0 or a negative uv error
   * @throws Error with `code`, `errno`, `syscall`, as Node's own (EADDRNOTAVAIL, ENETUNREACH, EMFILE …)
   */
  new (options: UdpPollOptions, onReady: (events: number, status: number) => void): UdpPoll;
}

/** Verifies chains with mozilla::pkix against a fixed set of trust anchors. */
export interface CertVerifier {
  /** Anchors that could be parsed. */
  readonly anchorCount: number;
  /**
   * Verifies on libuv's thread pool.
   * @param chain DER, leaf first
   * @param hostName DNS name or IP literal
   * @param timeSeconds seconds since the epoch
   * @param callback gets mozilla::pkix's result name ('Success', 'ERROR_EXPIRED_CERTIFICATE' …) and its PRErrorCode (0 on success)
   */
  verify(
    chain: readonly Uint8Array[],
    hostName: string,
    timeSeconds: number,
    callback: (result: string, prErrorCode: number) => void,
  ): void;
}

export interface CertVerifierConstructor {
  new (anchors: readonly Uint8Array[]): CertVerifier;
}

/** Live native objects of this thread, for leak tests. */
export interface NativeCounters {
  /** Of clients. */
  readonly connections: number;
  /** Engines; how many connections one has is in its `stats()`. */
  readonly servers: number;
  readonly credentials: number;
  readonly polls: number;
  readonly verifiers: number;
  readonly verifications: number;
  /** Socket pairs of virtual fds whose internal end is open. */
  readonly virtualFds: number;
}

export interface NativeAddon {
  readonly NeqoHttp3Conn: NeqoHttp3ConnConstructor;
  readonly UdpPoll: UdpPollConstructor;
  readonly CertVerifier: CertVerifierConstructor;
  counters(): NativeCounters;
  /** Versions of what is linked in, for example { neqo: '0.13.4', nss: '3.112.5' }. */
  versions(): Readonly<Record<string, string>>;
}

/** Thrown by {@link loadAddon}; the message names every file that was tried and why it was not used. */
class AddonNotFoundError extends Error {
  readonly code = 'ERR_NECKO_ADDON_NOT_FOUND';
  override readonly name = 'AddonNotFoundError';
}

/** Files that may be the addon, in the order in which they are tried. */
function addonCandidates(): readonly string[] {
  const override = process.env.NECKO_HTTP3_ADDON;
  if (override) return [override];
  // This module runs from src/ (tests) and from dist/esm/ or dist/cjs/ (everybody else).
  const root = fileURLToPath(new URL(import.meta.url.endsWith('/src/native.ts') ? '../' : '../../', import.meta.url));
  return [
    join(root, 'build', 'Release', 'necko_http3.node'),
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'necko_http3.node'),
  ];
}

let addon: NativeAddon | undefined;

/**
 * Loads the native addon once per thread and returns it.
 *
 * Tried in this order: the file that the environment variable `NECKO_HTTP3_ADDON` names (then nothing else is tried),
 * `build/Release/necko_http3.node` (checkout; a prebuilt copy made by `npm pack` there may be older),
 * `prebuilds/<platform>-<arch>/necko_http3.node` (published package).
 *
 * @throws Error with `code` `ERR_NECKO_ADDON_NOT_FOUND`; its `cause` is the dynamic linker's error if a file was there
 */
export function loadAddon(): NativeAddon {
  if (addon) return addon;
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  let cause: unknown;
  for (const file of addonCandidates()) {
    if (!existsSync(file)) {
      tried.push(`${file}: no such file`);
      continue;
    }
    try {
      addon = require(resolve(file)) as NativeAddon;
      return addon;
    } catch (error) {
      cause ??= error;
      tried.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const platform = `${process.platform}-${process.arch}`;
  const message = `necko-http3 has no native addon for ${platform} that loads. Tried:\n  ${tried.join('\n  ')}`;
  throw new AddonNotFoundError(message, cause === undefined ? undefined : { cause });
}
