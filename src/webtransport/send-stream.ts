import type { BufferSource, WebTransportSendStreamStats } from './dictionaries.js';
import type { WebTransportSendGroup } from './send-group.js';
import { toAssignedGroup } from './send-options.js';
import type { SendStreamSink } from './send-stream-sink.js';
import { WritableStream } from './web-streams.js';
import { WebTransportWriter } from './web-transport-writer.js';
import { defineInterface, forbidConstruction, INTERNAL, toLongLong } from './webidl.js';

/**
 * The sending side of a stream (W3C WebTransport 7). Takes ArrayBuffers and views of them.
 *
 * - A write is fulfilled once QUIC has taken all its bytes, which is the back-pressure. The bytes are not copied: do not
 *   change them before. A chunk whose buffer is transferred meanwhile aborts the stream.
 * - `close()` is fulfilled once the peer has acknowledged everything.
 * - `abort(reason)` resets the stream with the `streamErrorCode` of a WebTransportError, else with 0.
 */
export class WebTransportSendStream extends WritableStream<BufferSource> {
  // Its only field: a stream has a hidden class of its own on Node 20, which every further one makes dearer.
  readonly #sink: SendStreamSink;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, sink: SendStreamSink]) {
    const [token, sink] = parameters;
    forbidConstruction(token);
    super(sink, sink.strategy);
    this.#sink = sink;
  }

  /** Setting throws an InvalidStateError for a group of another transport. */
  get sendGroup(): WebTransportSendGroup | null {
    return this.#sink.priority.sendGroup;
  }

  set sendGroup(value: WebTransportSendGroup | null) {
    const sink = this.#sink;
    sink.setPriority({ ...sink.priority, sendGroup: toAssignedGroup(value, sink.transport) });
  }

  /** Higher is sent first, strictly, within the group. Takes effect on what is not sent yet. */
  get sendOrder(): number {
    return this.#sink.priority.sendOrder;
  }

  set sendOrder(value: number) {
    const sink = this.#sink;
    sink.setPriority({ ...sink.priority, sendOrder: toLongLong(value, 'sendOrder') });
  }

  async getStats(): Promise<WebTransportSendStreamStats> {
    return { ...(await this.#sink.stats()) };
  }

  override getWriter(): WebTransportWriter {
    return new WebTransportWriter(INTERNAL, this, this.#sink);
  }
}
defineInterface(WebTransportSendStream, 'WebTransportSendStream');
