import type { NativeStats } from '../../native.js';
import type { BlockedSenders } from './datagram-sender.js';
import type { Http3WebTransportStream, StreamOwner } from './http3-webtransport-stream.js';
import type { WebTransportLimits } from './limits.js';
import type { StreamRequests } from './stream-opener.js';
import type { TurnQueue } from './turn-queue.js';
import type { InitialSessionLimits, WebTransportVersion } from './versions.js';

/** What a session needs of its connection's mux. */
export interface SessionMux extends StreamRequests {
  readonly turns: TurnQueue;
  readonly blockedSenders: BlockedSenders;
  /** A number for a send group that no other group of the connection has. */
  nextSendGroup(): number;
  readonly limits: WebTransportLimits;
  /** What the peer's SETTINGS allow a session of this version at first; undefined: no flow control of sessions. */
  initialSessionLimits(version: WebTransportVersion): InitialSessionLimits | undefined;
  /** Makes the object of a stream that was opened just now. */
  adoptOpened(streamId: number, session: StreamOwner): Http3WebTransportStream;
  /** The CONNECT stream is over, too. */
  forgetSession(session: StreamOwner): void;
}

export interface OpenStreamOptions {
  /** Wait for the peer to allow more streams; else the request fails at once if it allows none. */
  readonly waitUntilAvailable: boolean;
  /** Of `createSendGroup`; 0: none. */
  readonly sendGroup: number;
  /** Higher goes first. */
  readonly sendOrder: number;
}

export interface SessionStats {
  /** Undefined if the connection is over. */
  readonly connection: NativeStats | undefined;
  /** Given to neqo. */
  readonly datagramsSent: number;
  /** Too large for the path when their turn came. */
  readonly datagramsRefused: number;
  /** Handed to the session, those included that were dropped early. */
  readonly datagramsReceived: number;
  /** Dropped because too many came before the session was established. */
  readonly datagramsDroppedEarly: number;
}

/**
 * - connecting: the CONNECT request has no 2xx answer yet. What arrives is held.
 * - open
 * - closing: this session is over for its user; the CONNECT stream waits for the peer's FIN.
 * - closed: that stream is over as well.
 */
export type SessionState = 'connecting' | 'open' | 'closing' | 'closed';
