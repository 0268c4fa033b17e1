import type {
  WebTransport,
  WebTransportReceiveStream,
  WebTransportSendGroup,
  WebTransportSendStream,
} from '../../../src/webtransport.js';
import { Wish } from './wish.js';

/** A stream that competes with others. */
export interface RaceEntry {
  /** 0 to 255. */
  readonly name: number;
  readonly length: number;
  /** Default 0. */
  readonly sendOrder?: number;
  /** Streams with the same number are in one send group; undefined: none. */
  readonly group?: number;
}

/** What one read brought. */
export interface Arrival {
  readonly name: number;
  readonly bytes: number;
  /** Nothing more comes of this stream. */
  readonly end: boolean;
}

/** So large that a read takes all that has come: the order of reads is that of arrival. */
const VIEW_BYTES = 2 ** 20;

/** Streams that compete: sent by one side of a session, and followed by the other. */
export class Racers {
  readonly arrivals: Arrival[] = [];
  readonly #transport: WebTransport;
  readonly #sending = new Map<number, WebTransportSendStream>();
  readonly #groups = new Map<number, WebTransportSendGroup>();

  constructor(transport: WebTransport) {
    this.#transport = transport;
  }

  async run(entries: readonly RaceEntry[]): Promise<void> {
    for (const { name, sendOrder = 0, group } of entries) {
      const sendGroup = group === undefined ? null : this.#group(group);
      this.#sending.set(name, await this.#transport.createUnidirectionalStream({ sendOrder, sendGroup }));
    }
    for (const { name, length } of entries) {
      const writer = this.#sending.get(name)?.getWriter();
      const bytes = new Uint8Array(2 + length);
      bytes.set([Wish.RACE, name]);
      // A race may be left before its end.
      writer?.write(bytes).catch(() => undefined);
      writer?.close().catch(() => undefined);
    }
  }

  changeOrder(name: number, sendOrder: number): void {
    const stream = this.#sending.get(name);
    if (stream !== undefined) stream.sendOrder = sendOrder;
  }

  /** @param readable after its wish */
  async follow(readable: WebTransportReceiveStream): Promise<void> {
    const reader = readable.getReader({ mode: 'byob' });
    const name = (await reader.read(new Uint8Array(1))).value?.[0] ?? -1;
    for (let view = new Uint8Array(VIEW_BYTES); ; ) {
      const { value, done } = await reader.read(view);
      this.arrivals.push({ name, bytes: value?.byteLength ?? 0, end: done });
      if (done) return;
      view = new Uint8Array(value.buffer);
    }
  }

  #group(number: number): WebTransportSendGroup {
    let group = this.#groups.get(number);
    if (group === undefined) {
      group = this.#transport.createSendGroup();
      this.#groups.set(number, group);
    }
    return group;
  }
}

/** Bytes of each stream, by name, among these arrivals. */
export function totals(arrivals: readonly Arrival[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { name, bytes } of arrivals) sums.set(name, (sums.get(name) ?? 0) + bytes);
  return sums;
}

/** Names in the order in which their streams ended. */
export function finishers(arrivals: readonly Arrival[]): number[] {
  return arrivals.filter(({ end }) => end).map(({ name }) => name);
}

/** What arrived between a stream's first byte and its last. */
export function during(arrivals: readonly Arrival[], racer: number): Arrival[] {
  const first = arrivals.findIndex(({ name, bytes }) => name === racer && bytes > 0);
  const last = arrivals.findLastIndex(({ name, bytes }) => name === racer && bytes > 0);
  return arrivals.slice(first, last + 1);
}
