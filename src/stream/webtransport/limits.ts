/** What one connection holds for WebTransport at most. */
export interface WebTransportLimits {
  /** Sessions that the peer may have open at once; sent in SETTINGS by versions that can say it. */
  readonly maxSessions: number;
  /** Streams held for sessions that are not established yet, on the whole connection. Those beyond are refused. */
  readonly maxEarlyStreams: number;
  /** Datagrams held for them. Those beyond are dropped, as the network may drop any datagram. */
  readonly maxEarlyDatagrams: number;
  /** Bytes of those datagrams. */
  readonly maxEarlyDatagramBytes: number;
  /** Sessions whose CONNECT request has not arrived yet, of which streams or datagrams are held. */
  readonly maxUnknownSessions: number;
}

export const DEFAULT_WEBTRANSPORT_LIMITS: WebTransportLimits = {
  maxSessions: 16,
  maxEarlyStreams: 128,
  maxEarlyDatagrams: 128,
  maxEarlyDatagramBytes: 128 * 1024,
  maxUnknownSessions: 16,
};
