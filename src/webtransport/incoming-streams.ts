import type { ReadableStreamDefaultController } from 'node:stream/web';
import type { Http3WebTransportStream } from '../stream/webtransport/http3-webtransport-stream.js';
import { type Deferred, deferred } from './deferred.js';
import { Fifo } from './fifo.js';
import { ReadableStream } from './web-streams.js';

/** Streams that the peer has reset before anybody took them, of which so many are kept. */
const MAX_DEAD = 256;

/**
 * Streams of the peer on their way to the reader: pullBidirectionalStream and pullUnidirectionalStream (W3C WebTransport
 * 6.2). What nobody takes is bounded by the limits on streams, as a stream gives its credit back only when it is over; a
 * stream that the peer resets is over at once, so that those have a bound of their own.
 */
export class IncomingStreams<T> {
  readonly readable: ReadableStream<T>;
  readonly #make: (stream: Http3WebTransportStream) => T;
  readonly #queue = new Fifo<Http3WebTransportStream>();
  #controller: ReadableStreamDefaultController<T> | undefined;
  #pull: Deferred<void> | undefined;
  #over = false;

  /** @param make called when the stream goes to the reader */
  constructor(make: (stream: Http3WebTransportStream) => T) {
    this.#make = make;
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pulled(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
  }

  arrived(stream: Http3WebTransportStream): void {
    if (this.#over) {
      refuse(stream);
      return;
    }
    const waiting = this.#pull;
    if (waiting === undefined) {
      this.#queue.push(stream);
      if (this.#queue.length % MAX_DEAD === 0) this.#dropDead();
      return;
    }
    this.#pull = undefined;
    this.#controller?.enqueue(this.#make(stream));
    waiting.resolve();
  }

  close(): void {
    if (this.#over) return;
    const pull = this.#end();
    this.#controller?.close();
    pull?.resolve();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    const pull = this.#end();
    this.#controller?.error(error);
    pull?.resolve();
  }

  #pulled(): Promise<void> | undefined {
    const stream = this.#queue.shift();
    if (stream !== undefined) {
      this.#controller?.enqueue(this.#make(stream));
      return undefined;
    }
    this.#pull = deferred();
    return this.#pull.promise;
  }

  /** Nobody will take a stream any more. */
  #cancel(): void {
    for (let stream = this.#queue.shift(); stream !== undefined; stream = this.#queue.shift()) refuse(stream);
    this.#end()?.resolve();
  }

  #dropDead(): void {
    this.#queue.filter((stream) => !isOver(stream));
  }

  #end(): Deferred<void> | undefined {
    this.#over = true;
    this.#queue.clear();
    const pull = this.#pull;
    this.#pull = undefined;
    return pull;
  }
}

function isOver(stream: Http3WebTransportStream): boolean {
  return stream.receiving?.over !== false && stream.sending?.over !== false;
}

function refuse(stream: Http3WebTransportStream): void {
  stream.receiving?.stop(0);
  stream.sending?.reset(0);
}
