import type { IncomingMessage } from 'node:http';
import { abortedError } from './message-errors.js';
import { INCOMING, type MessageHalf, type MessageStream } from './stream-messages.js';

type IncomingStream = MessageStream<IncomingBody>;

/** IncomingMessage's own entry for a header or trailer section: keeps it, and makes the objects of it when asked for. */
export interface HeaderSections {
  _addHeaderLines(section: string[], length: number): void;
}

/**
 * The body of a request on its way from the stream to the request object. The stream is left alone until someone reads;
 * then each of the two buffers up to its own mark, and beyond that the client waits.
 */
export class IncomingBody implements MessageHalf {
  readonly message: IncomingMessage;
  readonly #stream: IncomingStream;
  #reading = false;
  /** The exchange is over, and nobody wanted the body. */
  #discarded = false;

  constructor(request: IncomingMessage, stream: IncomingStream) {
    this.message = request;
    this.#stream = stream;
    stream[INCOMING] = this;
    stream.on('error', ignoreError);
    stream.on('close', onStreamClose);
    if (stream.endAfterHeaders) request.complete = true;
    else stream.on('trailers', onStreamTrailers);
  }

  /** The request wants more. */
  read(): void {
    const stream = this.#stream;
    if (this.#reading) {
      stream.resume();
      return;
    }
    this.#reading = true;
    if (stream.endAfterHeaders || stream.readableEnded) {
      this.end();
      return;
    }
    stream.on('end', onStreamEnd);
    stream.on('data', onStreamData);
  }

  push(chunk: Buffer): void {
    if (!this.message.push(chunk)) this.#stream.pause();
  }

  end(): void {
    // node:http2 ends the body of a stream that was reset, too; `close` tells the request of it.
    if (this.#stream.aborted) return;
    this.message.complete = true;
    this.message.push(null);
  }

  /** The request is destroyed: with it the stream, if the client has not sent all or it was not read. */
  destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { message } = this;
    if (!this.#discarded && !(message.complete && message.readableEnded)) {
      message.aborted = true;
      message.emit('aborted');
      this.#stream.destroy(error ?? undefined);
    }
    process.nextTick(finishDestroy, message, error, callback);
  }

  /** The stream is gone. */
  close(): void {
    const { message } = this;
    const stream = this.#stream;
    if (message.destroyed || (this.#reading && message.complete)) return;
    if (!this.#reading && stream.writableFinished && !stream.aborted) this.#discard();
    else message.destroy(abortedError(stream.rstCode));
  }

  /** Answered without a look at the body: the request ends all the same, as node:http has it. */
  #discard(): void {
    this.#discarded = true;
    this.#reading = true;
    this.end();
    this.message.resume();
  }
}

/** An error is only emitted to those who listen, as IncomingMessage does: a client that goes away is no fault of the server. */
function finishDestroy(request: IncomingMessage, error: Error | null, callback: (error?: Error | null) => void): void {
  callback(request.listenerCount('error') === 0 ? null : error);
}

function onStreamData(this: IncomingStream, chunk: Buffer): void {
  this[INCOMING]?.push(chunk);
}

function onStreamEnd(this: IncomingStream): void {
  this[INCOMING]?.end();
}

function onStreamTrailers(this: IncomingStream, _headers: object, _flags: number, section: string[]): void {
  const request = this[INCOMING]?.message;
  if (request === undefined) return;
  request.complete = true;
  (request as unknown as HeaderSections)._addHeaderLines(section, section.length);
}

function onStreamClose(this: IncomingStream): void {
  this[INCOMING]?.close();
}

/** Request and response report how the stream ended by 'aborted' and 'close'; an 'error' without listener would end the process. */
function ignoreError(): void {}
