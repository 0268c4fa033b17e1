import type { DatagramsSink } from './datagrams-sink.js';
import { markHandled } from './deferred.js';
import type { BufferSource } from './dictionaries.js';
import { safeWrite } from './safe-write.js';
import type { WebTransportSendGroup } from './send-group.js';
import { toAssignedGroup } from './send-options.js';
import { WritableStream, WritableStreamDefaultWriter } from './web-streams.js';
import { defineInterface, forbidConstruction, type INTERNAL, toLongLong } from './webidl.js';

/** Datagrams are unreliable: nobody has to look at whether one could still be written. */
class DatagramsWriter extends WritableStreamDefaultWriter<BufferSource> {
  override write(chunk: BufferSource | undefined = undefined): Promise<undefined> {
    const written = safeWrite(() => super.write(chunk as BufferSource));
    markHandled(written);
    return written;
  }
}

let closeAny: (writable: WebTransportDatagramsWritable) => void;

/**
 * Sends a datagram for each chunk (W3C WebTransport 4).
 *
 * A write is fulfilled at once while fewer than `outgoingMaxBufferedDatagrams` wait, else once its datagram is sent or
 * dropped. Chunks are copied. One that is larger than `maxDatagramSize` is dropped without a word.
 */
export class WebTransportDatagramsWritable extends WritableStream<BufferSource> {
  readonly #sink: DatagramsSink;
  readonly #transport: object;
  #writer: DatagramsWriter | undefined;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, sink: DatagramsSink, transport: object]) {
    const [token, sink, transport] = parameters;
    forbidConstruction(token);
    super(sink);
    this.#sink = sink;
    this.#transport = transport;
  }

  static {
    closeAny = (writable) => writable.#close();
  }

  /** Setting throws an InvalidStateError for a group of another transport. */
  get sendGroup(): WebTransportSendGroup | null {
    return this.#sink.priority.sendGroup;
  }

  set sendGroup(value: WebTransportSendGroup | null) {
    const sendGroup = toAssignedGroup(value, this.#transport);
    this.#sink.priority = { ...this.#sink.priority, sendGroup };
  }

  /** Higher is sent first, strictly, within the group. */
  get sendOrder(): number {
    return this.#sink.priority.sendOrder;
  }

  set sendOrder(value: number) {
    const sendOrder = toLongLong(value, 'sendOrder');
    this.#sink.priority = { ...this.#sink.priority, sendOrder };
  }

  override getWriter(): WritableStreamDefaultWriter<BufferSource> {
    this.#writer = new DatagramsWriter(this);
    return this.#writer;
  }

  /** "Close" of the Streams standard, which a script has only for what is not locked, or through the lock's writer. */
  #close(): void {
    const closed = this.locked ? this.#closeLocked() : super.close();
    if (closed !== undefined) markHandled(closed);
  }

  #closeLocked(): Promise<void> | undefined {
    const writer = this.#writer;
    if (writer !== undefined && isActive(writer)) return WritableStreamDefaultWriter.prototype.close.call(writer);
    // A pipe has it, and nobody else can end it. One from the session's own `readable` closes it by itself, in microtasks.
    setImmediate(() => this.#sink.fail(new DOMException('The session is closed', 'AbortError')));
    return undefined;
  }
}
defineInterface(WebTransportDatagramsWritable, 'WebTransportDatagramsWritable');

/** Whether it still holds the lock: one that was released has no `desiredSize`. */
function isActive(writer: WritableStreamDefaultWriter<BufferSource>): boolean {
  try {
    return writer.desiredSize !== undefined;
  } catch {
    return false;
  }
}

/** Closes it, locked or not. */
export function closeDatagramsWritable(writable: WebTransportDatagramsWritable): void {
  closeAny(writable);
}
