import type { ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { ServerHttp3Stream } from '../server-types.js';
import { type MessageHalf, type MessageStream, OUTGOING } from './stream-messages.js';

type OutgoingStream = MessageStream<MessageHalf, OutgoingFlow>;

/** ServerResponse with what it keeps of its own state; OutgoingMessage's accessors look there. */
export interface ResponseState extends ServerResponse {
  /** Not null: `headersSent`. */
  _header: string | null;
  /** False for HEAD, 204, 205 and 304. */
  _hasBody: boolean;
  /** `closed`. */
  _closed: boolean;
}

/** The head, the trailers and the events of a response on their way between the response object and the stream. */
export class OutgoingFlow implements MessageHalf {
  readonly message: ResponseState;
  readonly stream: ServerHttp3Stream;
  /** Decided, but not yet given to the stream: with the first bytes of the body it makes one packet. */
  head: OutgoingHttpHeaders | undefined;
  trailers: OutgoingHttpHeaders | undefined;
  #awaitsDrain = false;

  constructor(response: ResponseState, stream: ServerHttp3Stream) {
    this.message = response;
    this.stream = stream;
    (stream as OutgoingStream)[OUTGOING] = this;
    stream.on('finish', onStreamFinish);
    stream.on('close', onStreamClose);
  }

  /** Nothing can be sent any more. */
  get gone(): boolean {
    return this.message.destroyed || this.stream.destroyed || this.stream.closed;
  }

  /** @param bodyIsEmpty the response is ended, and has no bytes; default false */
  sendHead(bodyIsEmpty = false): void {
    const { head, message, stream } = this;
    if (head === undefined) return;
    this.head = undefined;
    if (this.gone || stream.headersSent) return;
    // Once all is known, only real trailers are waited for; before that, some may be added yet.
    const waitForTrailers = message._hasBody && (!message.finished || this.trailers !== undefined);
    const endStream = !message._hasBody || (bodyIsEmpty && !waitForTrailers);
    if (waitForTrailers) stream.on('wantTrailers', onWantTrailers);
    stream.respond(head, { endStream, waitForTrailers, sendDate: message.sendDate });
  }

  /** Sends the head when the current turn is over, unless the body begins before that. */
  sendHeadSoon(): void {
    process.nextTick(sendAwaitedHead, this);
  }

  /** Returns false if the writer should wait for 'drain'. */
  write(chunk: string | Uint8Array, encoding: BufferEncoding, callback?: (error?: Error | null) => void): boolean {
    const more = this.stream.write(chunk, encoding, callback);
    if (!more && !this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.stream.on('drain', onStreamDrain);
    }
    return more;
  }

  end(body: string | Uint8Array | undefined, encoding: BufferEncoding): void {
    const { message, stream } = this;
    this.sendHead(body === undefined || body.length === 0);
    // Without a body the head was the end.
    if (stream.writableFinished) process.nextTick(settle, this);
    else if (this.gone || stream.writableEnded) return;
    else if (body === undefined || !message._hasBody) stream.end();
    else stream.end(body, encoding);
  }

  /** Both halves of the stream are over. */
  close(): void {
    const { message } = this;
    if (message._closed) return;
    message.destroyed = true;
    message._closed = true;
    message.emit('close');
  }
}

function sendAwaitedHead(flow: OutgoingFlow): void {
  try {
    flow.sendHead();
  } catch (error) {
    flow.stream.destroy(error as Error);
  }
}

function settle(flow: OutgoingFlow): void {
  flow.message.emit('finish');
  if (flow.stream.closed) flow.close();
}

function onStreamDrain(this: OutgoingStream): void {
  this[OUTGOING]?.message.emit('drain');
}

function onWantTrailers(this: OutgoingStream): void {
  this.sendTrailers(this[OUTGOING]?.trailers ?? {});
}

function onStreamFinish(this: OutgoingStream): void {
  const response = this[OUTGOING]?.message;
  if (response?.finished) response.emit('finish');
}

function onStreamClose(this: OutgoingStream): void {
  const flow = this[OUTGOING];
  if (flow === undefined) return;
  const { finished, _hasBody } = flow.message;
  // A response without a body is over when its head is sent, but `end` is yet to be called.
  if (!finished && !_hasBody && this.writableFinished && !this.aborted) return;
  flow.close();
}
