import type { Http3WebTransportStream } from './http3-webtransport-stream.js';
import type { SessionEnd } from './session-end.js';

/** Told of what happens in a session. Called inside turns, or, when the connection is over, outside of any. */
export interface WebTransportSessionListener {
  onIncomingStream(stream: Http3WebTransportStream): void;
  /** @param bytes the receiver's own */
  onDatagram(bytes: Buffer): void;
  /** The peer asks for an end (DRAIN, GOAWAY); the session goes on. Once at most. */
  onDraining(): void;
  /** Exactly once, last. */
  onClosed(end: SessionEnd): void;
}

/** Where a session's outgoing datagrams are taken from, inside turns. */
export interface DatagramSource {
  /** The datagram that is next, or undefined if there is none. It stays the next until one of the other two is called. */
  next(): Uint8Array | undefined;
  /** neqo has taken it. */
  sent(): void;
  /** It is too large for what the path and the peer allow now: dropped. */
  refused(): void;
}
