import type { NeqoHttp3ServerParams } from '../native-server.js';
import type { ResolvedServerOptions } from './server-options.js';

/** Unidirectional streams that a client may open: control, two of QPACK, and room for reserved types (RFC 9114 6.2). */
const MAX_STREAMS_UNI = 16;
/** Length of both datagram queues; unused while datagrams are off. */
const DATAGRAM_QUEUE = 10;

/** All parameters of an engine over a bound socket. */
export function serverParams(
  options: ResolvedServerOptions,
  socket: { readonly fd: number; readonly localAddress: string; readonly localPort: number },
): NeqoHttp3ServerParams {
  const { quic } = options;
  return {
    fd: socket.fd,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    connectionIdPrefix: options.connectionIdPrefix,
    connectionIdLength: options.connectionIdLength,
    maxConnections: options.maxConnections,
    maxQueuedConnections: options.maxQueuedConnections,
    queueTimeoutMs: options.queueTimeout,
    maxPendingHandshakes: options.maxPendingHandshakes,
    handshakeTimeoutMs: options.handshakeTimeout,
    retryPolicy: options.retryPolicy,
    retryOnAbove: options.retryAbove,
    retryOffBelow: options.retryBelow,
    statelessResetKey: options.statelessResetKey,
    askServerName: options.SNICallback !== undefined,
    zeroRttWindowMs: options.zeroRttWindow,
    sessionTickets: options.sessionTickets,
    maxTableSize: quic.qpackMaxTableCapacity,
    maxBlockedStreams: quic.qpackBlockedStreams,
    maxFieldSectionSize: options.maxHeaderSize,
    maxData: quic.maxData,
    maxStreamData: quic.maxStreamData,
    maxStreamsBidi: options.maxConcurrentStreams,
    maxStreamsUni: MAX_STREAMS_UNI,
    idleTimeoutMs: options.idleTimeout,
    congestionControl: quic.congestionControl,
    pacing: quic.pacing,
    pmtud: quic.pmtud,
    grease: quic.grease,
    mlkem: quic.mlkem,
    versionNegotiation: quic.versionNegotiation,
    webtransport: false,
    datagramSize: 0,
    outgoingDatagramQueue: DATAGRAM_QUEUE,
    incomingDatagramQueue: DATAGRAM_QUEUE,
    ackRatio: quic.ackRatio,
    fastPto: quic.fastPto,
    qlogDir: options.qlogDir,
    receiveBufferSize: quic.receiveBufferSize,
    sendBufferSize: quic.sendBufferSize,
  };
}
