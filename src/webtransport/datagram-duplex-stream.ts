import type { WebTransportDatagramsWritable } from './datagrams-writable.js';
import type { WebTransportSendOptions } from './send-options.js';
import type { TransportDatagrams } from './transport-datagrams.js';
import type { ReadableStream } from './web-streams.js';
import { defineInterface, forbidConstruction, type INTERNAL, toNumber, toUnsignedLong } from './webidl.js';

/** @throws RangeError for what is negative or no number */
function toNotNegative(value: unknown, what: string): number {
  const number = toNumber(value, what);
  if (!(number >= 0)) throw new RangeError(`${what} is negative or not a number`);
  return number;
}

/** `unrestricted double?`, of which 0 and null both mean none. */
function toMaxAge(value: unknown, what: string): number | null {
  if (value === null || value === undefined) return null;
  return toNotNegative(value, what) || null;
}

/** Datagrams in both directions (W3C WebTransport 5). */
export class WebTransportDatagramDuplexStream {
  readonly #datagrams: TransportDatagrams;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, datagrams: TransportDatagrams]) {
    forbidConstruction(parameters[0]);
    this.#datagrams = parameters[1];
  }

  /**
   * A new stream to send datagrams with.
   *
   * @throws TypeError for a send group of another transport
   * @throws InvalidStateError if the session is over
   */
  createWritable(options: WebTransportSendOptions = {}): WebTransportDatagramsWritable {
    return this.#datagrams.createWritable(options);
  }

  /**
   * Datagrams that have arrived, one in each chunk. A byte stream, unless `datagramsReadableType` is 'default': a BYOB
   * reader's view that is too small for a datagram is a RangeError, and empty datagrams are lost. Who reads too slowly loses
   * the oldest.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#datagrams.incoming.readable;
  }

  /** One writable for all, made when it is asked for. Of the edition of 2024: `createWritable()` has replaced it. */
  get writable(): WebTransportDatagramsWritable {
    return this.#datagrams.sharedWritable();
  }

  /** Bytes. Follows the path's MTU. */
  get maxDatagramSize(): number {
    return this.#datagrams.maxDatagramSize;
  }

  /** Milliseconds after which a datagram that nobody has read is dropped; null: never. Default null; 0 becomes null. */
  get incomingMaxAge(): number | null {
    return this.#datagrams.settings.incomingMaxAge;
  }

  set incomingMaxAge(value: number | null) {
    this.#datagrams.settings.incomingMaxAge = toMaxAge(value, 'incomingMaxAge');
  }

  /** Milliseconds after which a datagram that could not be sent is dropped; null: never. Default null; 0 becomes null. */
  get outgoingMaxAge(): number | null {
    return this.#datagrams.settings.outgoingMaxAge;
  }

  set outgoingMaxAge(value: number | null) {
    this.#datagrams.settings.outgoingMaxAge = toMaxAge(value, 'outgoingMaxAge');
  }

  /** Datagrams that wait for a reader; more push the oldest out. At least 1. Default 1024. */
  get incomingMaxBufferedDatagrams(): number {
    return this.#datagrams.settings.incomingMaxBuffered;
  }

  set incomingMaxBufferedDatagrams(value: number) {
    this.#datagrams.settings.incomingMaxBuffered = Math.max(1, toUnsignedLong(value, 'incomingMaxBufferedDatagrams'));
  }

  /** Datagrams that wait to be sent, in each writable, before a write waits as well. At least 1. Default 256. */
  get outgoingMaxBufferedDatagrams(): number {
    return this.#datagrams.settings.outgoingMaxBuffered;
  }

  set outgoingMaxBufferedDatagrams(value: number) {
    this.#datagrams.settings.outgoingMaxBuffered = Math.max(1, toUnsignedLong(value, 'outgoingMaxBufferedDatagrams'));
  }

  /** The name of `incomingMaxBufferedDatagrams` until 2025. Negative and NaN are a RangeError. */
  get incomingHighWaterMark(): number {
    return this.#datagrams.settings.incomingMaxBuffered;
  }

  set incomingHighWaterMark(value: number) {
    this.#datagrams.settings.incomingMaxBuffered = Math.max(1, toNotNegative(value, 'incomingHighWaterMark'));
  }

  /** The name of `outgoingMaxBufferedDatagrams` until 2025. Negative and NaN are a RangeError. */
  get outgoingHighWaterMark(): number {
    return this.#datagrams.settings.outgoingMaxBuffered;
  }

  set outgoingHighWaterMark(value: number) {
    this.#datagrams.settings.outgoingMaxBuffered = Math.max(1, toNotNegative(value, 'outgoingHighWaterMark'));
  }
}
defineInterface(WebTransportDatagramDuplexStream, 'WebTransportDatagramDuplexStream');
