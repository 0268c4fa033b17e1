import type { CongestionControl } from '../native.js';
import type { WebTransportLimits } from '../stream/webtransport/limits.js';

/** Transport parameters that a user can set, with their defaults. Sizes in bytes, times in milliseconds. */
export interface QuicOptions {
  /** Default 'cubic'. */
  readonly congestionControl?: CongestionControl;
  /** Spread packets over the round trip (RFC 9002 7.7). Default true. */
  readonly pacing?: boolean;
  /** Probe for a larger path MTU (RFC 8899). Default false. */
  readonly pmtud?: boolean;
  /** Send GREASE (RFC 8701, RFC 9287). Default true. */
  readonly grease?: boolean;
  /** Split the ClientHello so that middleboxes do not match on the name. Default true. */
  readonly sniSlicing?: boolean;
  /** Offer the post-quantum key exchange X25519MLKEM768. Default true. */
  readonly mlkem?: boolean;
  /** Offer QUIC version 2 besides version 1 (RFC 9368, RFC 9369). Default false. */
  readonly versionNegotiation?: boolean;
  /** Connection flow-control window: bounds what all responses together may hold unread. Default 256 MiB. */
  readonly maxData?: number;
  /** Initial flow-control window of a response; grows to 10 MiB while the reader keeps up. Default 2 MiB. */
  readonly maxStreamData?: number;
  /** QPACK dynamic table. Default 65,536. */
  readonly qpackMaxTableCapacity?: number;
  /** QPACK blocked streams. Default 20. */
  readonly qpackBlockedStreams?: number;
  /** Buffers of the UDP socket; 0 keeps the system's. Defaults 2 MiB and 1 MiB, as far as the system allows. */
  readonly receiveBufferSize?: number;
  readonly sendBufferSize?: number;
  /** Acknowledgements asked of the peer per round trip, times 10. Default 100. */
  readonly ackRatio?: number;
  /** Probe timeout in percent of RFC 9002's. Default 100. */
  readonly fastPto?: number;
}

export const QUIC_DEFAULTS: Required<QuicOptions> = {
  congestionControl: 'cubic',
  pacing: true,
  pmtud: false,
  grease: true,
  sniSlicing: true,
  mlkem: true,
  versionNegotiation: false,
  maxData: 256 * 1024 * 1024,
  maxStreamData: 2 * 1024 * 1024,
  qpackMaxTableCapacity: 65_536,
  qpackBlockedStreams: 20,
  receiveBufferSize: 2 * 1024 * 1024,
  sendBufferSize: 1024 * 1024,
  ackRatio: 100,
  fastPto: 100,
};

/** WebTransport on a client's connection. */
export interface WebTransportParams {
  readonly limits: WebTransportLimits;
  /** Streams of sessions that the server may have open at once. */
  readonly maxStreamsBidi: number;
  readonly maxStreamsUni: number;
  /** Largest DATAGRAM frame accepted (RFC 9221 3), in bytes. */
  readonly datagramSize: number;
  /** Datagrams that wait in neqo for a packet, and for JavaScript. */
  readonly outgoingDatagramQueue: number;
  readonly incomingDatagramQueue: number;
}
