import type { CongestionControl, NeqoHttp3ConnParams } from '../native.js';
import type { Http3SessionParams } from './session-types.js';

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
  /** Connection flow-control window: bounds what all responses together may hold unread. Default 128 MiB. */
  readonly maxData?: number;
  /** Initial flow-control window of a response; grows to 10 MiB while the reader keeps up. Default 1 MiB. */
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
  maxData: 128 * 1024 * 1024,
  maxStreamData: 1024 * 1024,
  qpackMaxTableCapacity: 65_536,
  qpackBlockedStreams: 20,
  receiveBufferSize: 2 * 1024 * 1024,
  sendBufferSize: 1024 * 1024,
  ackRatio: 100,
  fastPto: 100,
};

/** What a connection needs to know of its socket. */
interface SocketFacts {
  readonly fd: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** Unidirectional streams that a server may open: control, two of QPACK, and room for reserved types (RFC 9114 6.2). */
const MAX_STREAMS_UNI = 16;
const ALPN_H3 = 'h3';

/** All parameters of a native connection. */
export function neqoParams(params: Http3SessionParams, socket: SocketFacts): NeqoHttp3ConnParams {
  const { quic } = params;
  return {
    fd: socket.fd,
    serverName: params.serverName,
    alpn: [ALPN_H3],
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    maxTableSize: quic.qpackMaxTableCapacity,
    maxBlockedStreams: quic.qpackBlockedStreams,
    maxData: quic.maxData,
    maxStreamData: quic.maxStreamData,
    maxStreamsBidi: 0,
    maxStreamsUni: MAX_STREAMS_UNI,
    idleTimeoutMs: params.idleTimeout,
    congestionControl: quic.congestionControl,
    pacing: quic.pacing,
    pmtud: quic.pmtud,
    grease: quic.grease,
    sniSlicing: quic.sniSlicing,
    mlkem: quic.mlkem,
    versionNegotiation: quic.versionNegotiation,
    webtransport: false,
    datagramSize: 0,
    outgoingDatagramQueue: DATAGRAM_QUEUE,
    incomingDatagramQueue: DATAGRAM_QUEUE,
    ackRatio: quic.ackRatio,
    fastPto: quic.fastPto,
    qlogDir: params.qlogDir,
    receiveBufferSize: quic.receiveBufferSize,
    sendBufferSize: quic.sendBufferSize,
  };
}

/** Length of both datagram queues; unused while datagrams are off. */
const DATAGRAM_QUEUE = 10;
