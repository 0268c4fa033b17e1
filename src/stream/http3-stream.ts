import { H3_ERROR, Http3Error, MessageError, NativeError, RequestFailedError, StreamResetError } from '../errors.js';
import {
  type Priority,
  type SegmentReader,
  Segments,
  type SegmentWriter,
  type Transaction,
  type TransactionStream,
} from './transaction.js';

/** What a stream needs of its session; all of these touch neqo and so run inside one of its entry points. */
export interface StreamSession {
  /** Gives the request to neqo; false if it has to wait, in which case the session calls `readSegments` later. */
  tryActivating(stream: Http3Stream): boolean;
  /** Bytes accepted; 0 if blocked. Throws a StreamResetError if the stream is gone. */
  sendRequestBody(stream: Http3Stream, data: Uint8Array, offset: number, length: number): number;
  closeSendingSide(stream: Http3Stream): void;
  /** Bytes read; sets `stream.finReceived` at the end of the response. */
  readResponseData(stream: Http3Stream, into: Uint8Array, offset: number, length: number): number;
  /** Resets both directions with an error code and forgets the stream. */
  resetStream(stream: Http3Stream, errorCode: number): void;
  /** Both directions are finished: forget the stream. */
  removeStream(stream: Http3Stream): void;

  /** These only register, and may be called at any time. */
  transactionHasDataToRecv(stream: Http3Stream): void;
  transactionHasDataToWrite(stream: Http3Stream): void;
  cancelStream(stream: Http3Stream, errorCode: number): void;
  queuePriorityUpdate(stream: Http3Stream, priority: Priority): void;
}

const SendState = { PREPARING: 0, SENDING_BODY: 1, DONE: 2 } as const;
const RecvState = { BEFORE_HEADERS: 0, READING_DATA: 1, DONE: 2 } as const;

/**
 * Maps the reads and writes of one HTTP transaction to a QUIC stream: necko's Http3Stream.
 *
 * Writing: `readSegments` → transaction.readSegmentsAgain → `onReadSegment` → session.
 * Reading: `writeSegments` → transaction.writeSegmentsAgain → `onWriteSegment` → session.
 */
export class Http3Stream implements SegmentReader, SegmentWriter, TransactionStream {
  readonly transaction: Transaction;
  /** The session sets it when neqo reports FIN on the last read. */
  finReceived = false;
  readonly #session: StreamSession;
  #id: number | undefined;
  #send: (typeof SendState)[keyof typeof SendState] = SendState.PREPARING;
  #recv: (typeof RecvState)[keyof typeof RecvState] = RecvState.BEFORE_HEADERS;
  #closed = false;

  constructor(session: StreamSession, transaction: Transaction) {
    this.#session = session;
    this.transaction = transaction;
    transaction.onStreamAssigned(this);
  }

  get id(): number | undefined {
    return this.#id;
  }

  get activated(): boolean {
    return this.#id !== undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** neqo has given the request a stream. */
  onActivated(streamId: number, early: boolean): void {
    this.#id = streamId;
    this.transaction.onActivated(streamId, early);
  }

  /** Sends what the transaction has: the header section first, then the body until it or flow control runs out. */
  readSegments(): void {
    if (this.#closed) return;
    this.#guard(() => {
      if (this.#send === SendState.PREPARING) {
        if (!this.#session.tryActivating(this)) return;
        this.#send = SendState.SENDING_BODY;
        if (this.transaction.hasNoBody) {
          this.#finishSending();
          return;
        }
      }
      while (this.#send === SendState.SENDING_BODY && !this.#closed) {
        const moved = this.transaction.readSegmentsAgain(this);
        if (moved === Segments.DONE) this.#finishSending();
        else if (moved !== Segments.MOVED) return;
      }
    });
  }

  onReadSegment(data: Uint8Array, offset: number, length: number): number {
    return this.#session.sendRequestBody(this, data, offset, length);
  }

  /** neqo has a header section of the response. */
  onHeaders(headers: readonly string[], interim: boolean, fin: boolean): void {
    if (this.#closed) return;
    this.#guard(() => {
      if (this.#recv !== RecvState.BEFORE_HEADERS) throw new MessageError('a second final header section');
      this.transaction.onResponseHeaders(headers, interim);
      if (this.#closed || interim) return;
      this.#recv = RecvState.READING_DATA;
      if (fin) this.#finishReceiving();
    });
  }

  onTrailers(headers: readonly string[]): void {
    if (this.#closed) return;
    this.#guard(() => this.transaction.onResponseTrailers(headers));
  }

  /** Reads until the QUIC stream is drained or the transaction's pipe is full. */
  writeSegments(): void {
    if (this.#closed) return;
    this.#guard(() => {
      while (this.#recv === RecvState.READING_DATA && !this.#closed) {
        const moved = this.transaction.writeSegmentsAgain(this);
        if (this.#closed) return;
        if (this.finReceived) {
          this.#finishReceiving();
          return;
        }
        if (moved !== Segments.MOVED) return;
      }
    });
  }

  onWriteSegment(into: Uint8Array, offset: number, length: number): number {
    return this.#session.readResponseData(this, into, offset, length);
  }

  /** The peer reset the stream, or neqo did because the peer broke the protocol on it. */
  onReset(errorCode: number, local: boolean): void {
    if (this.#closed) return;
    // neqo has closed the receiving half only.
    if (this.#send !== SendState.DONE) {
      this.#session.resetStream(this, local ? errorCode : H3_ERROR.H3_REQUEST_CANCELLED);
    }
    // neqo itself checks pseudo-header fields, and that there is a header section at all.
    const malformed = local && errorCode === H3_ERROR.H3_MESSAGE_ERROR;
    this.close(
      malformed
        ? new MessageError('its header or trailer section breaks RFC 9114 4.1 to 4.3')
        : new StreamResetError(errorCode, local),
    );
  }

  /**
   * The peer wants no more request bytes. Whatever its error code, it may have sent a complete response, which must not be
   * discarded (RFC 9114 4.1); if it gives none, it resets the stream.
   */
  onStopSending(errorCode: number): void {
    if (this.#closed || this.#send === SendState.DONE) return;
    this.#send = SendState.DONE;
    this.transaction.onRequestBodyUnwanted(errorCode);
    this.#maybeDone();
  }

  /** neqo forgot all 0-RTT streams: the request begins anew. */
  onZeroRttRejected(): void {
    this.#id = undefined;
    this.#send = SendState.PREPARING;
    this.transaction.onEarlyDataRejected();
  }

  /** Ends the stream with an error; the session has forgotten it already. Idempotent. */
  close(reason: Http3Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.removeStream(this);
    this.transaction.close(reason);
  }

  transactionHasDataToRecv(): void {
    if (!this.#closed) this.#session.transactionHasDataToRecv(this);
  }

  transactionHasDataToWrite(): void {
    if (!this.#closed) this.#session.transactionHasDataToWrite(this);
  }

  cancel(errorCode: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.cancelStream(this, errorCode);
  }

  priorityUpdate(priority: Priority): void {
    if (!this.#closed) this.#session.queuePriorityUpdate(this, priority);
  }

  #finishSending(): void {
    this.#send = SendState.DONE;
    this.#session.closeSendingSide(this);
    this.transaction.onRequestEnd();
    this.#maybeDone();
  }

  #finishReceiving(): void {
    this.#recv = RecvState.DONE;
    this.transaction.onResponseEnd();
    this.#maybeDone();
  }

  #maybeDone(): void {
    if (this.#closed || this.#send !== SendState.DONE || this.#recv !== RecvState.DONE) return;
    this.#closed = true;
    this.#session.removeStream(this);
    this.transaction.onStreamDone();
  }

  /** An error of this one stream resets it with the error's code; the others run on. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      // What neqo cannot explain concerns the connection.
      if (thrown instanceof NativeError) throw thrown;
      if (this.#closed) return;
      const error = thrown instanceof Http3Error ? thrown : new RequestFailedError(thrown);
      this.#session.resetStream(this, error.errorCode ?? H3_ERROR.H3_REQUEST_CANCELLED);
      this.close(error);
    }
  }
}
