import { asError } from '../../errors.js';
import { DEFAULT_PRIORITY } from '../../stream/transaction.js';
import type { ServerHttp3Stream } from '../server-types.js';
import type { BatchWriter } from './batch-writer.js';
import { ReceiveCredit, SendCredit } from './flow-control.js';
import { outgoingHeaders, toHeaderText } from './header-text.js';
import { RecordKind, RequestFlag, RespondFlag } from './records.js';
import { HTTP2_CODES, HTTP3_CODES, isHttp2, resetStream, type StreamCodes } from './stream-codes.js';

const BAD_GATEWAY = 502;

/** Body bytes of one worker that are under way: sent, or received, and not yet consumed by the handler or the client. */
export interface BytesInFlight {
  request: number;
  response: number;
}

/** What a stream needs of the worker that serves it. */
export interface StreamOwner {
  readonly writer: BatchWriter;
  readonly inFlight: BytesInFlight;
  /** Initial credit of each direction, bytes. */
  readonly window: number;
  /** The stream is gone. */
  onStreamClosed(key: number): void;
}

/** One request on the thread that owns the sockets, while a worker serves it: turns events into records and records into calls. */
export class DispatchedStream {
  readonly #stream: ServerHttp3Stream;
  readonly #key: number;
  readonly #owner: StreamOwner;
  readonly #isHttp2: boolean;
  readonly #codes: StreamCodes;
  readonly #sendCredit: SendCredit;
  readonly #receiveCredit: ReceiveCredit;
  #requestInFlight = 0;
  #responseInFlight = 0;
  /** The worker has all of the request. */
  #requestEnded = false;
  /** We have all of the response. */
  #responseEnded = false;
  #trailers: string | undefined;
  #lastBlock: ArrayBuffer | undefined;
  #errorMessage = '';
  #closed = false;

  constructor(stream: ServerHttp3Stream, key: number, owner: StreamOwner) {
    this.#stream = stream;
    this.#key = key;
    this.#owner = owner;
    this.#isHttp2 = isHttp2(stream);
    this.#codes = this.#isHttp2 ? HTTP2_CODES : HTTP3_CODES;
    this.#sendCredit = new SendCredit(owner.window);
    this.#receiveCredit = new ReceiveCredit(owner.window);
  }

  /** Sends the request's head, and from now on its body. */
  start(flags: number, rawHeaders: readonly string[], sessionKey: number): void {
    const stream = this.#stream;
    // On node:http2's streams it is a function.
    const { urgency, incremental } = this.#isHttp2 ? DEFAULT_PRIORITY : stream.priority;
    const bits =
      (flags << RequestFlag.HTTP_FLAGS_SHIFT) |
      (urgency << RequestFlag.URGENCY_SHIFT) |
      (incremental ? RequestFlag.INCREMENTAL : 0) |
      (this.#isHttp2 ? RequestFlag.HTTP2 : 0) |
      (stream.endAfterHeaders ? RequestFlag.END_AFTER_HEADERS : 0);
    this.#owner.writer.add(RecordKind.REQUEST, this.#key, toHeaderText(rawHeaders), stream.id, bits, sessionKey);
    stream.on('error', (error: Error) => {
      this.#errorMessage = error.message;
    });
    stream.on('close', () => this.#onClose());
    if (stream.endAfterHeaders) {
      this.#requestEnded = true;
      return;
    }
    stream.on('trailers', (_headers: unknown, _flags: unknown, rawTrailers: readonly string[] = []) => {
      this.#owner.writer.add(RecordKind.TRAILERS, this.#key, toHeaderText(rawTrailers), 0, 0, 0);
    });
    stream.on('end', () => {
      this.#requestEnded = true;
      this.#owner.writer.end(this.#key);
    });
    stream.on('data', (chunk: Uint8Array) => this.#onRequestData(chunk));
  }

  #onRequestData(chunk: Uint8Array): void {
    const length = chunk.byteLength;
    // A stream of the engine gives each chunk away once: what is a whole ArrayBuffer is ours. Not so node:http2's.
    this.#owner.writer.data(this.#key, chunk, !this.#isHttp2);
    this.#requestInFlight += length;
    this.#owner.inFlight.request += length;
    this.#sendCredit.spend(length);
    if (this.#sendCredit.available <= 0) this.#stream.pause();
  }

  onCredit(bytes: number): void {
    this.#requestInFlight -= bytes;
    this.#owner.inFlight.request -= bytes;
    const wasStopped = this.#sendCredit.available <= 0;
    this.#sendCredit.grant(bytes);
    if (wasStopped && this.#sendCredit.available > 0) this.#stream.resume();
  }

  onRespond(text: string, flags: number): void {
    const endStream = (flags & RespondFlag.END_STREAM) !== 0;
    if (endStream) this.#responseEnded = true;
    const waitForTrailers = (flags & RespondFlag.WAIT_FOR_TRAILERS) !== 0;
    // The server itself has answered: 408, the request did not come in time.
    if (this.#stream.headersSent) return;
    if (waitForTrailers) this.#stream.on('wantTrailers', () => this.#sendTrailers());
    this.#attempt(() => this.#stream.respond(outgoingHeaders(text), { endStream, waitForTrailers, sendDate: false }));
  }

  onInformation(text: string): void {
    this.#attempt(() => this.#stream.additionalHeaders(outgoingHeaders(text)));
  }

  /** @param block the chunk has its ArrayBuffer for itself, and the worker could use that again */
  onData(chunk: Uint8Array, end: boolean, block: ArrayBuffer | undefined): void {
    if (end) this.#responseEnded = true;
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    const length = chunk.byteLength;
    if (end) {
      this.#lastBlock = block;
      this.#stream.end(chunk);
      return;
    }
    this.#responseInFlight += length;
    this.#owner.inFlight.response += length;
    this.#stream.write(chunk, (error) => {
      if (this.#closed || (error !== null && error !== undefined)) return;
      this.#onResponseConsumed(length);
      if (block !== undefined) this.#owner.writer.giveBack(block);
    });
  }

  #onResponseConsumed(length: number): void {
    this.#responseInFlight -= length;
    this.#owner.inFlight.response -= length;
    const credit = this.#receiveCredit.consume(length);
    if (credit > 0) this.#owner.writer.add(RecordKind.CREDIT, this.#key, '', credit, 0, 0);
  }

  onEnd(): void {
    this.#responseEnded = true;
    this.#stream.end();
  }

  onTrailers(text: string): void {
    this.#responseEnded = true;
    this.#trailers = text;
    this.#stream.end();
  }

  #sendTrailers(): void {
    this.#attempt(() => this.#stream.sendTrailers(outgoingHeaders(this.#trailers ?? '')));
  }

  onCloseRequest(code: number): void {
    this.#responseEnded = true;
    this.#stream.pause();
    resetStream(this.#stream, code);
  }

  /** The worker died: 502 if nothing was sent, otherwise a reset; a response that is here completely goes on. */
  onWorkerGone(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    if (!this.#responseEnded && stream.headersSent) {
      resetStream(stream, this.#codes.internalError);
      return;
    }
    if (!this.#responseEnded) this.#attempt(() => stream.respond({ ':status': BAD_GATEWAY }, { endStream: true }));
    if (this.#requestEnded) return;
    // RFC 9114 4.1: the rest of the request is not needed, which is no error.
    stream.pause();
    stream.close(this.#codes.noError);
  }

  /** The stream may have ended while the record was under way; and a head that it refuses ends this stream only, in the worker too. */
  #attempt(call: () => void): void {
    if (this.#stream.destroyed) return;
    try {
      call();
    } catch (error) {
      this.#stream.destroy(asError(error));
    }
  }

  #onClose(): void {
    this.#closed = true;
    const { inFlight, writer } = this.#owner;
    inFlight.request -= this.#requestInFlight;
    inFlight.response -= this.#responseInFlight;
    if (this.#lastBlock !== undefined) writer.giveBack(this.#lastBlock);
    // A worker that has the whole request and has given the whole response knows that this stream is over.
    if (!this.#requestEnded || !this.#responseEnded) {
      const code = this.#stream.rstCode ?? this.#codes.noError;
      writer.add(RecordKind.CLOSED, this.#key, this.#errorMessage, code, this.#stream.aborted ? 1 : 0, 0);
    }
    this.#owner.onStreamClosed(this.#key);
  }
}
