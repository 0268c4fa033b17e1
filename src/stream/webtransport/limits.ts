/** Milliseconds that the peer gets to end its half of a CONNECT stream after the other half has ended, or was stopped. */
export const END_PATIENCE = 1000;

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
  // Of each session, where both ends have flow control of sessions (drafts 13 and later); sent in SETTINGS.
  /** Bytes that the streams of a session hold unread together, at first and at most: it doubles when the peer had to wait. */
  readonly sessionWindow: number;
  readonly maxSessionWindow: number;
  /** Streams that the peer may have open at once in a session; what QUIC allows is for all sessions together. */
  readonly sessionStreamsBidirectional: number;
  readonly sessionStreamsUnidirectional: number;
}

/**
 * The limits of a connection on which the peer may have so many streams of sessions open. One session may use all of them, and
 * that in one flight with its CONNECT request or the answer: none of it is refused.
 */
export function webTransportLimits(bidirectional: number, unidirectional: number): WebTransportLimits {
  return {
    maxSessions: 16,
    maxEarlyStreams: bidirectional + unidirectional,
    maxEarlyDatagrams: 128,
    maxEarlyDatagramBytes: 128 * 1024,
    maxUnknownSessions: 16,
    sessionWindow: 4 * 1024 * 1024,
    maxSessionWindow: 64 * 1024 * 1024,
    sessionStreamsBidirectional: bidirectional,
    sessionStreamsUnidirectional: unidirectional,
  };
}
