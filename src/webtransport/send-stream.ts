import { WritableStream } from 'node:stream/web';
import type { BufferSource, WebTransportSendStreamStats } from './dictionaries.js';
import type { WebTransportSendGroup } from './send-group.js';
import { groupState, type SendPriority, toAssignedGroup } from './send-options.js';
import type { SendStreamSink } from './send-stream-sink.js';
import { WebTransportWriter } from './web-transport-writer.js';
import { defineInterface, forbidConstruction, INTERNAL, toLongLong } from './webidl.js';

/**
 * The sending side of a stream (W3C WebTransport 7). Takes ArrayBuffers and views of them.
 *
 * - A write is fulfilled once QUIC has taken all its bytes, which is the back-pressure. The bytes are not copied: do not
 *   change them before.
 * - `close()` is fulfilled once the peer has acknowledged everything.
 * - `abort(reason)` resets the stream with the `streamErrorCode` of a WebTransportError, else with 0.
 */
export class WebTransportSendStream extends WritableStream<BufferSource> {
  readonly #sink: SendStreamSink;
  readonly #transport: object;
  #sendGroup: WebTransportSendGroup | null;
  #sendOrder: number;

  /** @internal */
  constructor(
    ...parameters: [token: typeof INTERNAL, sink: SendStreamSink, transport: object, priority: SendPriority]
  ) {
    const [token, sink, transport, priority] = parameters;
    forbidConstruction(token);
    super(sink, sink.strategy);
    this.#sink = sink;
    this.#transport = transport;
    this.#sendGroup = priority.sendGroup;
    this.#sendOrder = priority.sendOrder;
    sink.join(groupState(priority.sendGroup));
  }

  /** Setting throws an InvalidStateError for a group of another transport. */
  get sendGroup(): WebTransportSendGroup | null {
    return this.#sendGroup;
  }

  set sendGroup(value: WebTransportSendGroup | null) {
    this.#sendGroup = toAssignedGroup(value, this.#transport);
    this.#prioritize();
  }

  /** Higher is sent first, strictly, within the group. Takes effect on what is not sent yet. */
  get sendOrder(): number {
    return this.#sendOrder;
  }

  set sendOrder(value: number) {
    this.#sendOrder = toLongLong(value, 'sendOrder');
    this.#prioritize();
  }

  async getStats(): Promise<WebTransportSendStreamStats> {
    return { ...(await this.#sink.stats()) };
  }

  override getWriter(): WebTransportWriter {
    return new WebTransportWriter(INTERNAL, this, this.#sink);
  }

  #prioritize(): void {
    this.#sink.setPriority(groupState(this.#sendGroup), this.#sendOrder);
  }
}
defineInterface(WebTransportSendStream, 'WebTransportSendStream');
