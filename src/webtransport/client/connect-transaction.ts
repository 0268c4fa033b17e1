import { H3_ERROR, Http3Error, MessageError, SocketError, StreamResetError } from '../../errors.js';
import {
  DEFAULT_PRIORITY,
  type RequestHead,
  type SegmentReader,
  Segments,
  type SegmentWriter,
  type Transaction,
  type TransactionStream,
} from '../../stream/transaction.js';
import type { ControlChannel } from '../../stream/webtransport/control-channel.js';
import { ControlOutbox } from '../../stream/webtransport/control-outbox.js';
import type { Http3WebTransportSession } from '../../stream/webtransport/http3-webtransport-session.js';
import { END_PATIENCE } from '../../stream/webtransport/limits.js';
import type { WebTransportVersion } from '../../stream/webtransport/versions.js';
import type { WebTransportMux } from '../../stream/webtransport/webtransport-mux.js';
import { type Acceptance, readConnectResponse } from './connect-response.js';
import { type ConnectTarget, connectHead } from './connect-target.js';

/** Who waits for the answer to CONNECT. Told once, inside a turn or when the connection is over. */
export interface ConnectRequester {
  onAccepted(session: Http3WebTransportSession, acceptance: Acceptance): void;
  /** @param unprocessed the server has not looked at the request: it may be sent again, elsewhere */
  onRejected(error: Http3Error, unprocessed: boolean): void;
}

/** Capsules come in a few bytes, or in none. */
const READ_BYTES = 4096;

/**
 * The CONNECT request of one session, for its whole life: its response decides about the session, and the bytes after the
 * header sections are the session's capsules, both ways.
 */
export class ConnectTransaction implements Transaction, ControlChannel {
  readonly requestHead: RequestHead;
  readonly initialPriority = DEFAULT_PRIORITY;
  readonly priority = DEFAULT_PRIORITY;
  /** A session must not be asked for in 0-RTT (draft-ietf-webtrans-http3 3.2). */
  readonly safeForEarlyData = false;
  readonly hasNoBody = false;
  readonly #mux: WebTransportMux;
  readonly #target: ConnectTarget;
  readonly #version: WebTransportVersion;
  #requester: ConnectRequester | undefined;
  #stream: TransactionStream | undefined;
  #session: Http3WebTransportSession | undefined;
  readonly #outbox = new ControlOutbox();
  #ended = false;
  #accepted = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(mux: WebTransportMux, version: WebTransportVersion, target: ConnectTarget, requester: ConnectRequester) {
    this.#mux = mux;
    this.#version = version;
    this.#target = target;
    this.#requester = requester;
    this.requestHead = connectHead(target, version);
  }

  /** Nobody waits for the answer any more. There is no CLOSE yet: a session that is not accepted can only be reset. */
  abandon(): void {
    this.#requester = undefined;
    if (this.#session === undefined) this.#stream?.cancel(H3_ERROR.H3_REQUEST_CANCELLED);
    else this.#session.destroy();
  }

  send(capsule: Uint8Array): void {
    if (this.#ended) return;
    this.#outbox.add(capsule);
    this.#stream?.transactionHasDataToWrite();
  }

  end(capsule?: Uint8Array): void {
    if (this.#ended) return;
    if (capsule !== undefined) this.#outbox.add(capsule);
    this.#ended = true;
    this.#stream?.transactionHasDataToWrite();
  }

  reset(code: number): void {
    this.#over();
    // The stream says nothing more.
    this.#stream?.cancel(code);
    const requester = this.#requester;
    this.#requester = undefined;
    requester?.onRejected(new StreamResetError(code, true), false);
  }

  onStreamAssigned(stream: TransactionStream): void {
    this.#stream = stream;
  }

  onActivated(streamId: number): void {
    // From now on the server may open streams of the session: the response can come after them.
    this.#session = this.#mux.createSession(streamId, this, this.#version);
  }

  onEarlyDataRejected(): void {
    throw new MessageError('a CONNECT request in 0-RTT', 'request');
  }

  readSegmentsAgain(reader: SegmentReader): Segments {
    // Capsules follow the 2xx.
    if (!this.#accepted && !this.#ended) return Segments.PIPE_BLOCKED;
    const { bytes } = this.#outbox;
    if (bytes.length === 0) return this.#ended ? Segments.DONE : Segments.PIPE_BLOCKED;
    const sent = reader.onReadSegment(bytes, 0, bytes.length);
    if (sent === 0) return Segments.STREAM_BLOCKED;
    this.#outbox.sent(sent);
    return Segments.MOVED;
  }

  writeSegmentsAgain(writer: SegmentWriter): Segments {
    const bytes = Buffer.allocUnsafe(READ_BYTES);
    const read = writer.onWriteSegment(bytes, 0, bytes.length);
    if (read === 0) return Segments.STREAM_BLOCKED;
    this.#session?.controlData(bytes.subarray(0, read));
    return Segments.MOVED;
  }

  onResponseHeaders(headers: readonly string[], interim: boolean): void {
    const session = this.#session;
    if (interim || session === undefined) return;
    const acceptance = readConnectResponse(headers, this.#target.protocols, this.#version);
    this.#accepted = true;
    session.accepted();
    this.#stream?.transactionHasDataToWrite();
    this.#requester?.onAccepted(session, acceptance);
    // Not before: what that throws ends the stream, and `close` tells the requester.
    this.#requester = undefined;
  }

  onResponseTrailers(): void {
    throw new MessageError('a trailer section in a CONNECT stream');
  }

  onResponseEnd(): void {
    this.#session?.controlEnd();
  }

  onRequestEnd(): void {
    clearTimeout(this.#patience);
    // The connection may be closed when this stream is over: not before the server had the time to learn of the end.
    this.#patience = setTimeout(() => this.reset(H3_ERROR.H3_REQUEST_CANCELLED), END_PATIENCE);
  }

  onRequestBodyUnwanted(errorCode: number): void {
    // It may come with CLOSE, or with a response that is no acceptance, and can overtake those: the session waits for them.
    this.#session?.controlStopped(errorCode);
  }

  onStreamDone(): void {
    this.#over();
  }

  close(reason: Http3Error): void {
    this.#over();
    const session = this.#session;
    const requester = this.#requester;
    this.#requester = undefined;
    // The session hands requests the reason in a wrapper of undici's; here it is the connection that is asked for.
    const error = reason instanceof SocketError && reason.cause instanceof Http3Error ? reason.cause : reason;
    if (this.#accepted) session?.controlReset(reason.errorCode ?? H3_ERROR.H3_REQUEST_CANCELLED);
    else session?.rejected(error);
    requester?.onRejected(error, reason.safeToRetry);
  }

  #over(): void {
    clearTimeout(this.#patience);
    this.#ended = true;
    this.#outbox.clear();
  }
}
