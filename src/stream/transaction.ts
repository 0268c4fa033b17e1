import type { Http3Error } from '../errors.js';

/** Priority of a response (RFC 9218). */
export interface Priority {
  /** 0 (most urgent) to 7. Default 3. */
  readonly urgency: number;
  /** The client can use parts of the response as they arrive. Default false. */
  readonly incremental: boolean;
}

/** RFC 9218 4. */
export const DEFAULT_PRIORITY: Priority = { urgency: 3, incremental: false };

/** The header section of a request, validated and ready for the wire. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  /** Flat: name, value, name, value …; names in lower case, Latin-1. */
  readonly headers: readonly string[];
}

/** Takes request bytes from a transaction: nsAHttpSegmentReader. */
export interface SegmentReader {
  /** @returns the bytes taken; 0 if flow control takes none now */
  onReadSegment(data: Uint8Array, offset: number, length: number): number;
}

/** Gives response bytes to a transaction: nsAHttpSegmentWriter. */
export interface SegmentWriter {
  /** Fills `into` from `offset`; returns the bytes written, 0 if none are there now. */
  onWriteSegment(into: Uint8Array, offset: number, length: number): number;
}

/** How a transaction answers when it is asked to move bytes. */
export const Segments = {
  /** Something was moved; ask again. */
  MOVED: 0,
  /** The stream had no bytes, or flow control took none: an event will say when to ask again. */
  STREAM_BLOCKED: 1,
  /** The transaction's pipe is empty (request) or full (response): the transaction will say when to ask again. */
  PIPE_BLOCKED: 2,
  /** The request body is complete. */
  DONE: 3,
} as const;
export type Segments = (typeof Segments)[keyof typeof Segments];

/** What a transaction may ask of the stream that carries it. */
export interface TransactionStream {
  /** QUIC stream id, or undefined while the request waits for a stream. */
  readonly id: number | undefined;
  /** The pipe to the consumer has room again. */
  transactionHasDataToRecv(): void;
  /** The pipe with the request body has bytes again, or its end. */
  transactionHasDataToWrite(): void;
  /** The user wants no more of it: RESET_STREAM and STOP_SENDING with `errorCode`. The stream never calls back. */
  cancel(errorCode: number): void;
  /** A new priority for the response (PRIORITY_UPDATE, RFC 9218 7). */
  priorityUpdate(priority: Priority): void;
}

/**
 * One request with its response, as streams and sessions see it: nsAHttpTransaction.
 *
 * What a method throws (an Http3Error) makes the stream reset itself with the error's `errorCode`.
 */
export interface Transaction {
  readonly requestHead: RequestHead;
  /** The one that the header section asks for. */
  readonly initialPriority: Priority;
  /** The one that is wanted now. */
  readonly priority: Priority;
  /** No body and a safe method (RFC 9110 9.2.1): may be sent in 0-RTT, where an attacker can replay it (RFC 8470). */
  readonly safeForEarlyData: boolean;
  /** The request has no body at all. */
  readonly hasNoBody: boolean;

  /** A stream was assigned; it may still wait for MAX_STREAMS. */
  onStreamAssigned(stream: TransactionStream): void;
  /** The header section was given to neqo. */
  onActivated(streamId: number, early: boolean): void;
  /** 0-RTT was rejected: nothing of the request was processed, and it will be sent again on this stream object. */
  onEarlyDataRejected(): void;
  readSegmentsAgain(reader: SegmentReader): Segments;
  writeSegmentsAgain(writer: SegmentWriter): Segments;
  /** `headers` is flat, Latin-1, as received. */
  onResponseHeaders(headers: readonly string[], interim: boolean): void;
  onResponseTrailers(headers: readonly string[]): void;
  /** The response is complete. */
  onResponseEnd(): void;
  /** neqo has the whole request, its end included. */
  onRequestEnd(): void;
  /** The server wants no more of the request body (STOP_SENDING). It may still answer (RFC 9114 4.1). */
  onRequestBodyUnwanted(errorCode: number): void;
  /** Both directions are finished; the stream is forgotten. */
  onStreamDone(): void;
  /** The stream failed. Nothing is called after this. */
  close(reason: Http3Error): void;
}
