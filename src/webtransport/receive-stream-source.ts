import type { ReadableByteStreamController, UnderlyingByteSource } from 'node:stream/web';
import type { ReceiveHalf, ReceiveHalfStats } from '../stream/webtransport/receive-half.js';
import type { HalfError } from '../stream/webtransport/session-end.js';
import { closeByteStream } from './close-byte-stream.js';
import { deferred } from './deferred.js';
import type { TransportMember, TransportMembers } from './transport-members.js';
import { abortCode, streamError } from './web-transport-error.js';

/** What one read without a buffer of the reader's can bring, in bytes. */
const READ_SIZE = 64 * 1024;

/**
 * Reads go here when the reader brings no buffer, and out of here in buffers of their own size. One for all streams: it is
 * empty again when a read is over, so that a thousand idle streams hold no memory, and small chunks keep no large buffer
 * alive. As fast as reading into a new buffer of 64 KiB each, which has to be cleared first.
 */
const scratch = new Uint8Array(READ_SIZE);

/**
 * Under a WebTransportReceiveStream: its procedures (W3C WebTransport 9.3) over the half of a QUIC stream. Reads into a
 * BYOB reader's view where there is one. Nothing is read ahead of the reader, so that the peer stops when it stops.
 */
export class ReceiveStreamSource implements UnderlyingByteSource, TransportMember {
  readonly type = 'bytes';
  readonly #half: ReceiveHalf;
  readonly #members: TransportMembers;
  #controller: ReadableByteStreamController | undefined;
  #over = false;

  constructor(half: ReceiveHalf, members: TransportMembers) {
    this.#half = half;
    this.#members = members;
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    this.#half.onReset = (error) => this.#halfFailed(error);
    this.#members.add(this);
    // It can have ended while it waited to be taken, and tells that at once.
    if (this.#half.over) this.#half.read(scratch, (_bytes, _fin, error) => this.#halfFailed(error));
  }

  pull(controller: ReadableByteStreamController): Promise<void> {
    const pulled = deferred<void>();
    // The view stays the request's until it is answered: a reader that goes away leaves it in place.
    const request = controller.byobRequest;
    const view = request?.view as Uint8Array | null | undefined;
    this.#half.read(view ?? scratch, (bytes, fin, error) => {
      if (error !== undefined) this.#halfFailed(error);
      else if (!this.#over) {
        if (bytes > 0 && view) request?.respond(bytes);
        else if (bytes > 0) controller.enqueue(scratch.slice(0, bytes));
        if (fin) {
          this.#end();
          closeByteStream(controller);
        }
      }
      pulled.resolve();
    });
    return pulled.promise;
  }

  cancel(reason: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#half.stop(abortCode(reason));
  }

  sessionEnded(error: unknown): void {
    this.#fail(error);
  }

  /** Undefined if neqo has forgotten it. */
  stats(): Promise<ReceiveHalfStats | undefined> {
    return this.#half.stats();
  }

  #halfFailed(error: HalfError | undefined): void {
    // The session's end comes from the transport, with its error.
    if (error?.kind === 'reset') this.#fail(streamError('The peer reset the stream', error.code));
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.error(error);
  }

  #end(): void {
    this.#over = true;
    this.#members.delete(this);
  }
}
