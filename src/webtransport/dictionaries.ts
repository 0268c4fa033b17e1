/** Dictionaries and enumerations of the W3C WebTransport API (Editor's Draft of 2026). */
import type { ConnectionOptions } from '../http/connection-options.js';

/** Bytes: what can be written, whose memory is not shared with other threads. */
export type BufferSource = ArrayBuffer | ArrayBufferView;

export type WebTransportReliabilityMode = 'pending' | 'reliable-only' | 'supports-unreliable';
export type WebTransportCongestionControl = 'default' | 'throughput' | 'low-latency';
/** 'default' is a byte stream as well, as in the edition of 2024 and in Chromium: see `WebTransportOptions`. */
export type WebTransportDatagramsReadableType = 'bytes' | 'default';
export type WebTransportErrorSource = 'stream' | 'session';

export interface WebTransportHash {
  /** 'sha-256'; a hash of another algorithm matches no certificate. */
  algorithm?: string;
  /** Digest of the certificate's DER. */
  value?: BufferSource;
}

/** `HeadersInit` of the Fetch standard. */
export type WebTransportHeadersInit =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>
  | Headers;

export interface WebTransportOptions {
  /** May share the connection with other sessions and requests. Default false. */
  allowPooling?: boolean;
  /** Fail rather than use a connection without datagrams. HTTP/3 always has them. Default false. */
  requireUnreliable?: boolean;
  /** Accept exactly these server certificates, valid for at most two weeks, whoever signed them. */
  serverCertificateHashes?: Iterable<WebTransportHash>;
  /** A preference. Default 'default'. */
  congestionControl?: WebTransportCongestionControl;
  /** 0 … 65,535; null: no hint. Default null. */
  anticipatedConcurrentIncomingUnidirectionalStreams?: number | null;
  /** 0 … 65,535; null: no hint. Default null. */
  anticipatedConcurrentIncomingBidirectionalStreams?: number | null;
  /** Application protocols that are offered, most wanted first. Default none. */
  protocols?: Iterable<string>;
  /** Request headers of the application. Default none. */
  headers?: WebTransportHeadersInit;
  /** Whether `datagrams.readable` has BYOB readers. Default 'bytes' while the option is absent. */
  datagramsReadableType?: WebTransportDatagramsReadableType;
  /**
   * Not of the W3C: how the connection is made (`ca`, `rejectUnauthorized`, `servername`, `lookup`, times …), the options
   * of `connect()`. In a member of its own, so that no later W3C option can get another meaning here.
   */
  connection?: ConnectionOptions;
}

export interface WebTransportCloseInfo {
  /** Default 0. */
  closeCode?: number;
  /** At most 1024 bytes of UTF-8 go to the peer. Default ''. */
  reason?: string;
}

export interface WebTransportErrorOptions {
  /** Default 'stream'. */
  source?: WebTransportErrorSource;
  /** Clamped to 0 … 2^32 - 1. Default null. */
  streamErrorCode?: number | null;
}

/** What cannot be known is absent. Times in milliseconds, sizes in bytes, rates in bits a second. */
export interface WebTransportConnectionStats {
  bytesSent?: number;
  bytesSentOverhead?: number;
  bytesAcknowledged?: number;
  packetsSent?: number;
  bytesLost?: number;
  packetsLost?: number;
  bytesReceived?: number;
  packetsReceived?: number;
  smoothedRtt?: number;
  rttVariation?: number;
  minRtt?: number;
  estimatedSendRate?: number | null;
  atSendCapacity?: boolean;
  datagrams: WebTransportDatagramStats;
}

/** Numbers of datagrams. */
export interface WebTransportDatagramStats {
  droppedIncoming?: number;
  expiredIncoming?: number;
  expiredOutgoing?: number;
  lostOutgoing?: number;
}

export interface WebTransportSendStreamStats {
  bytesWritten?: number;
  bytesSent?: number;
  bytesAcknowledged?: number;
}

export interface WebTransportReceiveStreamStats {
  bytesReceived?: number;
  bytesRead?: number;
}
