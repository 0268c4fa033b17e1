import type { NeqoHttp3ServerParams } from '../native-server.js';
import { WebTransportMux } from '../stream/webtransport/webtransport-mux.js';
import type { ResolvedServerOptions } from './server-options.js';
import type { ResolvedServerWebTransport } from './webtransport/webtransport-options.js';

/** Unidirectional streams that a client may open: control, two of QPACK, and room for reserved types (RFC 9114 6.2). */
const MAX_STREAMS_UNI = 16;
/** Without WebTransport there are no datagrams; neqo wants a length of its queues all the same. */
const UNUSED_DATAGRAM_QUEUE = 1;

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
    idleTimeoutMs: options.idleTimeout,
    congestionControl: quic.congestionControl,
    pacing: quic.pacing,
    pmtud: quic.pmtud,
    grease: quic.grease,
    mlkem: quic.mlkem,
    versionNegotiation: quic.versionNegotiation,
    ...webTransportParams(options.webTransport, options.maxConcurrentStreams),
    ackRatio: quic.ackRatio,
    fastPto: quic.fastPto,
    qlogDir: options.qlogDir,
    receiveBufferSize: quic.receiveBufferSize,
    sendBufferSize: quic.sendBufferSize,
  };
}

type WebTransportParams = Pick<
  NeqoHttp3ServerParams,
  | 'webtransport'
  | 'settings'
  | 'resetStreamAt'
  | 'maxStreamsBidi'
  | 'maxStreamsUni'
  | 'datagramSize'
  | 'outgoingDatagramQueue'
  | 'incomingDatagramQueue'
>;

function webTransportParams(options: ResolvedServerWebTransport | undefined, requests: number): WebTransportParams {
  if (options === undefined) {
    return {
      webtransport: false,
      settings: [],
      resetStreamAt: false,
      maxStreamsBidi: requests,
      maxStreamsUni: MAX_STREAMS_UNI,
      datagramSize: 0,
      outgoingDatagramQueue: UNUSED_DATAGRAM_QUEUE,
      incomingDatagramQueue: UNUSED_DATAGRAM_QUEUE,
    };
  }
  const { limits } = options;
  return {
    webtransport: true,
    settings: WebTransportMux.localSettings('server', limits),
    resetStreamAt: true,
    // A session has its CONNECT stream besides those that it opens.
    maxStreamsBidi: requests + limits.maxSessions + options.maxBidirectionalStreams,
    maxStreamsUni: MAX_STREAMS_UNI + options.maxUnidirectionalStreams,
    datagramSize: options.maxDatagramSize,
    outgoingDatagramQueue: options.outgoingDatagramQueue,
    incomingDatagramQueue: options.incomingDatagramQueue,
  };
}
