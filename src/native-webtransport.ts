/**
 * The part of the native boundary that WebTransport needs: streams tagged with the id of their session, HTTP datagrams, keys.
 * Sessions are kept in TypeScript; neqo knows nothing of them. Conventions are those of `native.ts`.
 *
 * With `params.webtransport`, bidirectional streams that begin with 0x41 and unidirectional ones of type 0x54 are delivered as
 * WEBTRANSPORT_STREAM, whatever their session id, and so are HTTP datagrams. A tagged stream is then used with the calls for
 * requests: DATA_READABLE, DATA_WRITABLE, RESET and STOP_SENDING tell of it, and STREAM_FINISHED of its end.
 */

/** Progress of a stream's sending half, in bytes without the stream's header. */
export interface NativeSendStreamStats {
  readonly bytesWritten: number;
  readonly bytesSent: number;
  /** Acknowledged without a gap, from the beginning. */
  readonly bytesAcked: number;
}

/** Progress of a stream's receiving half, in bytes without the stream's header. */
export interface NativeRecvStreamStats {
  /** Received without a gap, from the beginning. */
  readonly bytesReceived: number;
  readonly bytesRead: number;
}

/** Parameters of connections and servers. */
export interface NativeWebTransportParams {
  /** Deliver the streams of sessions, and HTTP datagrams (with `datagramSize`). */
  readonly webtransport: boolean;
  /**
   * Sent in SETTINGS: identifier, value, identifier, value … With `webtransport` only, where neqo sends nothing but the settings
   * of HTTP/3 and QPACK (0x01, 0x06, 0x07) by itself.
   */
  readonly settings: readonly number[];
  /** Offer RESET_STREAM_AT (draft-ietf-quic-reliable-stream-reset): a reset then spares the stream's header. */
  readonly resetStreamAt: boolean;
  /** Largest DATAGRAM frame accepted, in bytes (RFC 9221 3); 0 switches datagrams off. */
  readonly datagramSize: number;
  /** Datagrams that wait to be sent; beyond it `sendDatagram` returns BLOCKED. */
  readonly outgoingDatagramQueue: number;
  /** Datagrams that one step of processInput takes; beyond it the oldest is dropped, and counted in `datagramsDroppedIncoming`. */
  readonly incomingDatagramQueue: number;
}

/** Of a client's connection. */
export interface NeqoHttp3ConnWebTransport {
  /** Opens a stream of a session, its header first. Returns the stream id, STREAM_LIMIT (wait for STREAMS_CREATABLE) or UNAVAILABLE. */
  openStream(sessionId: number, bidirectional: boolean): number;
  /** All of it at once: its length, or 0 if flow control does not allow that now. Negative: as sendRequestBody. */
  sendWhole(streamId: number, data: Uint8Array): number;
  /**
   * As resetStream, which delivers the stream's header all the same where both ends offer RESET_STREAM_AT; the first `committed`
   * bytes after it are then delivered too.
   */
  resetStreamKeeping(streamId: number, error: number, committed: number): number;
  /**
   * What a stream shares bandwidth with: groups, and the streams of no group (0), do so evenly. Inside of a group the higher
   * order, a safe integer, goes strictly first.
   */
  setSendOrder(streamId: number, group: number, order: number): number;
  /** OK, BLOCKED (nothing was taken; wait for DATAGRAMS_WRITABLE), TOO_MUCH_DATA, UNAVAILABLE (the peer takes none). */
  sendDatagram(sessionId: number, data: Uint8Array): number;
  /** Bytes of payload that a datagram may have now; 0: none can be sent. */
  maxDatagramSize(sessionId: number): number;
  /** Undefined when that half of the stream is over. */
  sendStreamStats(streamId: number): NativeSendStreamStats | undefined;
  recvStreamStats(streamId: number): NativeRecvStreamStats | undefined;
  /**
   * Keys for the application (RFC 5705, RFC 8446 7.5).
   * @param length in bytes
   * @returns undefined before the handshake is complete
   */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | undefined;
}

/** Of a server: the same for one of its connections. */
export interface NeqoHttp3ServerWebTransport {
  openStream(connection: number, sessionId: number, bidirectional: boolean): number;
  sendWhole(connection: number, streamId: number, data: Uint8Array): number;
  resetStreamKeeping(connection: number, streamId: number, error: number, committed: number): number;
  setSendOrder(connection: number, streamId: number, group: number, order: number): number;
  /**
   * With `keep`, PINGs keep the connection from its idle timeout for as long as the receiving half of the stream is open. A
   * client's requests always do.
   */
  keepAlive(connection: number, streamId: number, keep: boolean): number;
  sendDatagram(connection: number, sessionId: number, data: Uint8Array): number;
  maxDatagramSize(connection: number, sessionId: number): number;
  sendStreamStats(connection: number, streamId: number): NativeSendStreamStats | undefined;
  recvStreamStats(connection: number, streamId: number): NativeRecvStreamStats | undefined;
  exportKeyingMaterial(connection: number, label: string, context: Uint8Array, length: number): Uint8Array | undefined;
}
