import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  WebTransport,
  WebTransportDatagramStats,
  WebTransportReceiveStream,
  WebTransportSendStream,
} from '../../../src/webtransport.js';
import { ResidentSampler, residentBytes } from '../../support/memory.js';
import { patternBytes } from '../../support/pattern.js';
import { type Arrival, type RaceEntry, Racers } from './race.js';
import { Wish } from './wish.js';

export type Kind = 'unidirectional' | 'bidirectional';

/** How far a sender came. */
export interface Progress {
  /** Bytes whose write is done. */
  readonly written: number;
  readonly desiredSize: number | null;
  /** `writer.ready` is fulfilled. */
  readonly ready: boolean;
}

export interface Digest {
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** Datagrams sent at full speed. */
export interface Burst {
  /** Writes that were fulfilled. */
  readonly written: number;
  /** Turns of the event loop meanwhile. */
  readonly turns: number;
}

/** What a test asks of either end of a session: of its own directly, of the other one's in a child process. */
export interface SideCalls {
  watchMemory(): Promise<void>;
  /** By how many bytes the resident set was larger, at most, than when `watchMemory` was called. */
  growth(): Promise<number>;
  /** Resident bytes after a garbage collection. */
  resident(): Promise<number>;
  serveStreams(): Promise<void>;
  /** Opens a stream that is to be held, and begins to write. @returns its index */
  offer(kind: Kind, length: number): Promise<number>;
  progress(index: number): Promise<Progress>;
  /** Fulfilled when it is written, closed and acknowledged. */
  finished(index: number): Promise<void>;
  /** Streams that are held. */
  held(): Promise<number>;
  /** Reads what is held, and forgets it. */
  readHeld(): Promise<Digest[]>;
  /** Streams that the other side returns, one after the other or all at once. @returns how many came back exactly */
  exchange(count: number, length: number, inSequence: boolean): Promise<number>;
  echoDatagrams(): Promise<void>;
  /** @returns when each datagram has come back; one that gets lost is sent again */
  pingDatagrams(count: number): Promise<void>;
  sendDatagrams(count: number, length: number): Promise<Burst>;
  /** Reads datagrams from now on. */
  readDatagrams(): Promise<void>;
  datagramsRead(): Promise<number>;
  setDatagramLimits(limits: DatagramLimits): Promise<void>;
  datagramStats(): Promise<WebTransportDatagramStats>;
  /** Opens all, in this order, then writes to all at once. */
  race(entries: readonly RaceEntry[]): Promise<void>;
  /** Gives a stream of the race another order. */
  changeOrder(name: number, sendOrder: number): Promise<void>;
  /** What came of a race so far. */
  arrivals(): Promise<Arrival[]>;
}

export interface DatagramLimits {
  readonly incomingMaxBufferedDatagrams?: number;
  readonly incomingMaxAge?: number;
  readonly outgoingMaxAge?: number;
}

interface Offer {
  readonly writer: WritableStreamDefaultWriter<unknown>;
  written: number;
  end: Promise<void> | undefined;
}

const PERIOD = 251;
/** A whole number of the pattern's periods. */
const PIECE = PERIOD * 1024;
const PING_INTERVAL_MS = 200;
const pattern = patternBytes(PIECE);
const WAIT = { waitUntilAvailable: true };

/** One end of a session. */
export class Side implements SideCalls {
  readonly #transport: WebTransport;
  readonly #offers: Offer[] = [];
  readonly #racers: Racers;
  #held: WebTransportReceiveStream[] = [];
  #sampler: ResidentSampler | undefined;
  #datagramsRead = 0;

  constructor(transport: WebTransport) {
    this.#transport = transport;
    this.#racers = new Racers(transport);
    transport.closed.catch(ignore);
  }

  async watchMemory(): Promise<void> {
    await residentBytes();
    this.#sampler = new ResidentSampler();
  }

  async growth(): Promise<number> {
    this.#sampler?.stop();
    return this.#sampler?.growthBytes ?? 0;
  }

  resident(): Promise<number> {
    return residentBytes();
  }

  async serveStreams(): Promise<void> {
    const { incomingBidirectionalStreams, incomingUnidirectionalStreams } = this.#transport;
    const both = async (): Promise<void> => {
      for await (const { readable, writable } of incomingBidirectionalStreams) {
        this.#serve(readable, writable).catch(ignore);
      }
    };
    const one = async (): Promise<void> => {
      for await (const readable of incomingUnidirectionalStreams) this.#serve(readable).catch(ignore);
    };
    both().catch(ignore);
    one().catch(ignore);
  }

  async offer(kind: Kind, length: number): Promise<number> {
    const writer = (await this.#open(kind)).getWriter();
    const offer: Offer = { writer, written: 0, end: undefined };
    offer.end = fill(offer, length);
    offer.end.catch(ignore);
    return this.#offers.push(offer) - 1;
  }

  async progress(index: number): Promise<Progress> {
    const { writer, written } = this.#offer(index);
    let ready = false;
    writer.ready.then(() => {
      ready = true;
    }, ignore);
    await nextTurn();
    return { written, desiredSize: writer.desiredSize, ready };
  }

  async finished(index: number): Promise<void> {
    await this.#offer(index).end;
  }

  async held(): Promise<number> {
    return this.#held.length;
  }

  readHeld(): Promise<Digest[]> {
    const streams = this.#held;
    this.#held = [];
    return Promise.all(streams.map(digest));
  }

  async exchange(count: number, length: number, inSequence: boolean): Promise<number> {
    let exact = 0;
    const one = async (index: number): Promise<void> => {
      if (await this.#echoed(index, length)) exact += 1;
    };
    if (inSequence) for (let index = 0; index < count; index += 1) await one(index);
    else await Promise.all(Array.from({ length: count }, (_, index) => one(index)));
    return exact;
  }

  async echoDatagrams(): Promise<void> {
    const { datagrams } = this.#transport;
    datagrams.readable.pipeTo(datagrams.createWritable()).catch(ignore);
  }

  async pingDatagrams(count: number): Promise<void> {
    const writer = this.#transport.datagrams.createWritable().getWriter();
    const reader = this.#transport.datagrams.readable.getReader();
    const missing = new Set(Array.from({ length: count }, (_, index) => index));
    const send = async (): Promise<void> => {
      for (const index of missing) await writer.write(Uint8Array.of(index));
    };
    const again = setInterval(() => void send(), PING_INTERVAL_MS);
    await send();
    while (missing.size > 0) missing.delete((await reader.read()).value?.[0] ?? -1);
    clearInterval(again);
    reader.releaseLock();
    await writer.close();
  }

  async sendDatagrams(count: number, length: number): Promise<Burst> {
    const writer = this.#transport.datagrams.createWritable().getWriter();
    const datagram = patternBytes(length);
    let [written, turns, sending] = [0, 0, true];
    const turn = (): void => {
      turns += 1;
      if (sending) setImmediate(turn);
    };
    setImmediate(turn);
    // Writes are settled in order. A list of them all would be what memory grows by.
    let last: Promise<void> | undefined;
    for (let index = 0; index < count; index += 1) {
      await writer.ready;
      last = writer.write(datagram).then(() => {
        written += 1;
      });
    }
    await last;
    sending = false;
    return { written, turns };
  }

  async readDatagrams(): Promise<void> {
    const read = async (): Promise<void> => {
      for await (const _ of this.#transport.datagrams.readable) this.#datagramsRead += 1;
    };
    read().catch(ignore);
  }

  async datagramsRead(): Promise<number> {
    return this.#datagramsRead;
  }

  async setDatagramLimits(limits: DatagramLimits): Promise<void> {
    Object.assign(this.#transport.datagrams, limits);
  }

  async datagramStats(): Promise<WebTransportDatagramStats> {
    return (await this.#transport.getStats()).datagrams;
  }

  race(entries: readonly RaceEntry[]): Promise<void> {
    return this.#racers.run(entries);
  }

  async changeOrder(name: number, sendOrder: number): Promise<void> {
    this.#racers.changeOrder(name, sendOrder);
  }

  async arrivals(): Promise<Arrival[]> {
    return this.#racers.arrivals;
  }

  async #serve(readable: WebTransportReceiveStream, writable?: WebTransportSendStream): Promise<void> {
    const reader = readable.getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(1));
    reader.releaseLock();
    const wish = value?.[0];
    if (wish === Wish.HOLD) this.#held.push(readable);
    else if (wish === Wish.RACE) await this.#racers.follow(readable);
    else if (writable !== undefined) await readable.pipeTo(writable);
  }

  async #open(kind: Kind): Promise<WebTransportSendStream> {
    if (kind === 'unidirectional') return await this.#transport.createUnidirectionalStream(WAIT);
    return (await this.#transport.createBidirectionalStream(WAIT)).writable;
  }

  #offer(index: number): Offer {
    const offer = this.#offers[index];
    if (offer === undefined) throw new Error(`no offer ${index}`);
    return offer;
  }

  /** Each stream has bytes of its own. */
  async #echoed(index: number, length: number): Promise<boolean> {
    const bytes = patternBytes(length + PERIOD).subarray(index % PERIOD, (index % PERIOD) + length);
    const { readable, writable } = await this.#transport.createBidirectionalStream(WAIT);
    const writer = writable.getWriter();
    const sent = writer
      .write(Uint8Array.of(Wish.ECHO))
      .then(() => writer.write(bytes))
      .then(() => writer.close());
    const chunks: Uint8Array[] = [];
    for await (const chunk of readable) chunks.push(chunk);
    await sent;
    return Buffer.concat(chunks).equals(bytes);
  }
}

/** Writes the pattern, as fast as the writer wants it. */
async function fill(offer: Offer, length: number): Promise<void> {
  const { writer } = offer;
  await writer.write(Uint8Array.of(Wish.HOLD));
  while (offer.written < length) {
    await writer.ready;
    const piece = pattern.subarray(0, Math.min(PIECE, length - offer.written));
    await writer.write(piece);
    offer.written += piece.length;
  }
  await writer.close();
}

async function digest(readable: WebTransportReceiveStream): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readable) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function ignore(): void {
  // Sessions end with the test.
}
