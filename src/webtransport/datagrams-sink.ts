import type { UnderlyingSink, WritableStreamDefaultController } from 'node:stream/web';
import { type DatagramSettings, now } from './datagram-settings.js';
import { Fifo } from './fifo.js';
import type { DatagramQueue, OutgoingDatagram } from './outgoing-datagrams.js';
import type { SendGroupState } from './send-group-state.js';
import { groupState, type SendPriority } from './send-options.js';
import { toBytes } from './webidl.js';

/** What the writables need of the transport. */
export interface DatagramTransport {
  readonly settings: DatagramSettings;
  /** Bytes of payload that a datagram can have now. */
  readonly maxDatagramSize: number;
  /** Queues it to be sent, or drops it if the session is over. */
  send(writable: DatagramQueue, datagram: OutgoingDatagram): void;
  /** Nothing is written to it any more. */
  forget(sink: DatagramsSink): void;
}

/** Under a WebTransportDatagramsWritable: writeDatagrams (W3C WebTransport 4.3). */
export class DatagramsSink implements UnderlyingSink<unknown>, DatagramQueue {
  readonly queue = new Fifo<OutgoingDatagram>();
  priority: SendPriority;
  readonly #transport: DatagramTransport;
  #controller: WritableStreamDefaultController | undefined;

  constructor(transport: DatagramTransport, priority: SendPriority) {
    this.#transport = transport;
    this.priority = priority;
  }

  get sendGroup(): SendGroupState | undefined {
    return groupState(this.priority.sendGroup);
  }

  get sendOrder(): number {
    return this.priority.sendOrder;
  }

  start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
  }

  write(data: unknown): Promise<void> | undefined {
    const source = toBytes(data, 'datagram');
    if (source.byteLength > this.#transport.maxDatagramSize) return undefined;
    const since = now();
    // The write is over before the datagram is sent, so the bytes are copied.
    const bytes = source.slice();
    if (this.queue.length + 1 < this.#transport.settings.outgoingMaxBuffered) {
      this.#transport.send(this, { bytes, since, done: undefined });
      return undefined;
    }
    return new Promise((resolve) => this.#transport.send(this, { bytes, since, done: resolve }));
  }

  close(): void {
    this.#transport.forget(this);
  }

  /** What waits in the queue goes out all the same: the specification has no abort algorithm here. */
  abort(): void {
    this.#transport.forget(this);
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
  }
}
