import type { NativeRecvStreamStats, NativeSendStreamStats, NativeStats } from '../../native.js';

/** Something to be done in the connection's next turn. */
export interface CarrierWork {
  runInTurn(): void;
}

/**
 * What WebTransport sessions need of the connection under them; the client's and the server's connections both implement
 * it. Stream ids, session ids and codes are those of the wire: an HTTP/3 error code, not an application's.
 */
export interface WebTransportCarrier {
  /** Has `work.runInTurn()` called once in the coming turn. May be called at any time; does nothing once the connection is over. */
  queue(work: CarrierWork): void;

  // All that follows is called inside a turn only: from runInTurn, or while an event is handed on.

  /** Opens a stream whose header names the session. @returns its id, or a negative NativeResult: STREAM_LIMIT, UNAVAILABLE */
  openStream(sessionId: number, bidirectional: boolean): number;
  /** @returns bytes taken, 0 if flow control takes none now (DATA_WRITABLE follows), negative if the half is over */
  sendData(streamId: number, data: Uint8Array, offset: number, length: number, fin: boolean): number;
  /** @returns the length of `data`, 0 if flow control does not take all of it now, negative if the half is over */
  sendDataAtomic(streamId: number, data: Uint8Array): number;
  /** FIN. */
  endStream(streamId: number): void;
  /** @returns bytes read, 0 if none are there now (DATA_READABLE follows), negative if the half is over; sets {@link fin} */
  readData(streamId: number, into: Uint8Array, offset: number, length: number): number;
  /** The last `readData` reached the stream's end. */
  readonly fin: boolean;
  /**
   * RESET_STREAM, or RESET_STREAM_AT where both ends have it (draft-ietf-quic-reliable-stream-reset): the stream's header is
   * delivered all the same, and so are the `committed` (default 0) first bytes after it.
   */
  resetStream(streamId: number, code: number, committed?: number): void;
  stopSending(streamId: number, code: number): void;
  /** Group 0 is no group. Within a group the higher order goes first, strictly; groups share evenly. */
  setSendOrder(streamId: number, group: number, order: number): void;
  /** @returns OK, BLOCKED (nothing was taken; DATAGRAMS_WRITABLE follows), TOO_MUCH_DATA or UNAVAILABLE */
  sendDatagram(sessionId: number, data: Uint8Array): number;
  /** Payload bytes that fit into a datagram now; 0 if datagrams cannot be sent. */
  maxDatagramSize(sessionId: number): number;
  sendStreamStats(streamId: number): NativeSendStreamStats | undefined;
  recvStreamStats(streamId: number): NativeRecvStreamStats | undefined;
  connectionStats(): NativeStats | undefined;
  /** RFC 8446 7.5. Undefined if the handshake is not complete. */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | undefined;
  /** The peer broke a rule that concerns the whole connection. */
  closeConnection(code: number, message: string): void;
}
