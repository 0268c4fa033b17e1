import type { ReadableByteStreamController, ReadableStreamDefaultController } from 'node:stream/web';
import { closeByteStream } from './close-byte-stream.js';
import { type DatagramSettings, isExpired, now } from './datagram-settings.js';
import { type Deferred, deferred } from './deferred.js';
import type { WebTransportDatagramsReadableType } from './dictionaries.js';
import { Fifo } from './fifo.js';
import { ReadableStream } from './web-streams.js';

interface QueuedDatagram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly since: number;
}

/** Datagrams on their way to the reader: the procedures pullDatagrams and receiveDatagrams (W3C WebTransport 5.4). */
export class IncomingDatagrams {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #settings: DatagramSettings;
  readonly #queue = new Fifo<QueuedDatagram>();
  #byteController: ReadableByteStreamController | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #pull: Deferred<void> | undefined;
  #over = false;

  constructor(settings: DatagramSettings, type: WebTransportDatagramsReadableType) {
    this.#settings = settings;
    const pull = (): Promise<void> | undefined => this.#pulled();
    const cancel = (): void => this.#end()?.resolve();
    this.readable =
      type === 'bytes'
        ? new ReadableStream({
            type,
            start: (controller) => {
              this.#byteController = controller;
            },
            pull,
            cancel,
          })
        : new ReadableStream(
            {
              start: (controller) => {
                this.#controller = controller;
              },
              pull,
              cancel,
            },
            { highWaterMark: 0 },
          );
  }

  /** @param datagram the memory is the receiver's own */
  receive(datagram: Buffer): void {
    // A byte stream cannot carry an empty chunk (W3C WebTransport 6.9, datagramsReadableType).
    if (this.#over || (datagram.byteLength === 0 && this.#byteController !== undefined)) return;
    const waiting = this.#pull;
    if (waiting !== undefined) {
      this.#pull = undefined;
      this.#deliver(datagram);
      waiting.resolve();
      return;
    }
    this.#queue.push({ bytes: ownBuffer(datagram), since: now() });
    const excess = Math.floor(this.#queue.length - this.#settings.incomingMaxBuffered);
    for (let dropped = 0; dropped < excess; dropped++) this.#queue.shift();
    if (excess > 0) this.#settings.droppedIncoming += excess;
    this.#dropExpired();
  }

  /** The session was closed. */
  close(): void {
    if (this.#over) return;
    const pull = this.#end();
    if (this.#byteController !== undefined) closeByteStream(this.#byteController);
    this.#controller?.close();
    pull?.resolve();
  }

  /** The session failed. */
  fail(error: unknown): void {
    if (this.#over) return;
    const pull = this.#end();
    (this.#byteController ?? this.#controller)?.error(error);
    pull?.resolve();
  }

  #pulled(): Promise<void> | undefined {
    this.#dropExpired();
    const first = this.#queue.shift();
    if (first === undefined) {
      this.#pull = deferred();
      return this.#pull.promise;
    }
    this.#deliver(first.bytes);
    return undefined;
  }

  /** Errors the stream with a RangeError if a BYOB reader's view is too small. */
  #deliver(datagram: Uint8Array): void {
    const controller = this.#byteController;
    if (controller === undefined) {
      this.#controller?.enqueue(ownBuffer(datagram));
      return;
    }
    const request = controller.byobRequest;
    const view = request?.view as Uint8Array | null | undefined;
    if (!view) {
      controller.enqueue(ownBuffer(datagram));
      return;
    }
    if (view.byteLength < datagram.byteLength) {
      const sizes = `${datagram.byteLength} bytes does not fit into a view of ${view.byteLength}`;
      this.fail(new RangeError(`A datagram of ${sizes}`));
      return;
    }
    view.set(datagram);
    request?.respond(datagram.byteLength);
  }

  #dropExpired(): void {
    const { incomingMaxAge } = this.#settings;
    if (incomingMaxAge === null) return;
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      if (!isExpired(first.since, incomingMaxAge)) return;
      this.#queue.shift();
      this.#settings.expiredIncoming++;
    }
  }

  #end(): Deferred<void> | undefined {
    this.#over = true;
    this.#queue.clear();
    const pull = this.#pull;
    this.#pull = undefined;
    return pull;
  }
}

/** A chunk of a byte stream gives its whole ArrayBuffer away: it must hold nothing else. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer) {
    return new Uint8Array(bytes.buffer);
  }
  return new Uint8Array(bytes);
}
