import type { NeqoHttp3ConnParams } from '../native.js';
import type { Http3SessionParams } from './session-types.js';

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
