import type { UnderlyingSource } from 'node:stream/web';
import type { WebTransportReceiveStreamStats } from './dictionaries.js';
import type { ReceiveStreamSource } from './receive-stream-source.js';
import { ReadableStream } from './web-streams.js';
import { defineInterface, forbidConstruction, type INTERNAL } from './webidl.js';

/**
 * The receiving side of a stream: a byte stream of Uint8Arrays (W3C WebTransport 9).
 *
 * - Bytes are read only for a read that waits for them: straight into the view of a BYOB reader, else into buffers of up
 *   to 64 KiB. Whoever does not read holds the peer up, within this stream.
 * - `cancel(reason)` asks the peer to stop, with the `streamErrorCode` of a WebTransportError, else with 0.
 */
export class WebTransportReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  readonly #source: ReceiveStreamSource;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, source: ReceiveStreamSource]) {
    const [token, source] = parameters;
    forbidConstruction(token);
    // Node's types know byte sources only for streams that are not generic.
    super(source as unknown as UnderlyingSource<Uint8Array<ArrayBuffer>>);
    this.#source = source;
  }

  async getStats(): Promise<WebTransportReceiveStreamStats> {
    return { ...(await this.#source.stats()) };
  }
}
defineInterface(WebTransportReceiveStream, 'WebTransportReceiveStream');
