import type { NeqoHttp3ConnParams } from '../native.js';
import { WebTransportMux } from '../stream/webtransport/webtransport-mux.js';
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
  const { quic, webTransport } = params;
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
    maxStreamsBidi: webTransport?.maxStreamsBidi ?? 0,
    maxStreamsUni: MAX_STREAMS_UNI + (webTransport?.maxStreamsUni ?? 0),
    idleTimeoutMs: params.idleTimeout,
    congestionControl: quic.congestionControl,
    pacing: quic.pacing,
    pmtud: quic.pmtud,
    grease: quic.grease,
    sniSlicing: quic.sniSlicing,
    mlkem: quic.mlkem,
    versionNegotiation: quic.versionNegotiation,
    webtransport: webTransport !== undefined,
    settings: webTransport === undefined ? [] : WebTransportMux.localSettings('client', webTransport.limits),
    resetStreamAt: webTransport !== undefined,
    datagramSize: webTransport?.datagramSize ?? 0,
    outgoingDatagramQueue: webTransport?.outgoingDatagramQueue ?? UNUSED_QUEUE,
    incomingDatagramQueue: webTransport?.incomingDatagramQueue ?? UNUSED_QUEUE,
    ackRatio: quic.ackRatio,
    fastPto: quic.fastPto,
    qlogDir: params.qlogDir,
    receiveBufferSize: quic.receiveBufferSize,
    sendBufferSize: quic.sendBufferSize,
  };
}

/** Length of the datagram queues while datagrams are off. */
const UNUSED_QUEUE = 10;
