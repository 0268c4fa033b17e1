import type { WebTransportReceiveStream } from './receive-stream.js';
import type { WebTransportSendStream } from './send-stream.js';
import { defineInterface, forbidConstruction, type INTERNAL } from './webidl.js';

/** A stream with both sides (W3C WebTransport 10). Each ends on its own. */
export class WebTransportBidirectionalStream {
  readonly #readable: WebTransportReceiveStream;
  readonly #writable: WebTransportSendStream;

  /** @internal */
  constructor(
    ...parameters: [token: typeof INTERNAL, readable: WebTransportReceiveStream, writable: WebTransportSendStream]
  ) {
    const [token, readable, writable] = parameters;
    forbidConstruction(token);
    this.#readable = readable;
    this.#writable = writable;
  }

  get readable(): WebTransportReceiveStream {
    return this.#readable;
  }

  get writable(): WebTransportSendStream {
    return this.#writable;
  }
}
defineInterface(WebTransportBidirectionalStream, 'WebTransportBidirectionalStream');
