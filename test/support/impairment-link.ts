import { DelayQueue } from './delay-queue.js';
import { type Impairment, type LinkCounters, NO_IMPAIRMENT } from './impairment.js';
import { createRandom } from './random.js';

/** Most bits (adjacent, of one byte) that `corrupt` flips in one datagram. */
const MAX_FLIPPED_BITS = 4;

/** Separates the stream of random numbers that places flipped bits from the one that decides fates. */
const CORRUPTION_SEED = 0x9e3779b9;

interface Passage<Flow> {
  readonly flow: Flow;
  readonly datagram: Buffer;
}

/**
 * One direction of an impaired path. It decides each datagram's fate and delivers survivors at their time.
 *
 * Every datagram takes the same six random numbers whatever the settings are, so with one seed the n-th datagram meets
 * the same fate in every run, and raising one probability does not reshuffle the others.
 */
export class ImpairmentLink<Flow> {
  readonly counters: LinkCounters = {
    received: 0,
    forwarded: 0,
    forwardedBytes: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    queueDropped: 0,
    oversized: 0,
    blackholed: 0,
    injected: 0,
  };

  readonly #deliver: (flow: Flow, datagram: Buffer) => void;
  readonly #random: () => number;
  readonly #corruptionRandom: () => number;
  readonly #headerBytes: number;
  readonly #delayed = new DelayQueue<Passage<Flow>>((passage) => this.#forward(passage.flow, passage.datagram));
  #impairment: Impairment;
  #blackhole = false;
  /** When the rate-limited link has sent all that was admitted, on the clock of `performance.now()`. */
  #linkFreeAtMs = 0;
  /** When the latest datagram in order is due: jitter must not overtake it. */
  #lastDueMs = 0;

  /**
   * @param seed of this direction's fates
   * @param headerBytes bytes of IP and UDP headers, for `mtu`
   * @param deliver called with each datagram that comes out
   */
  constructor(
    seed: number,
    headerBytes: number,
    impairment: Partial<Impairment>,
    deliver: (flow: Flow, datagram: Buffer) => void,
  ) {
    this.#random = createRandom(seed);
    this.#corruptionRandom = createRandom(seed ^ CORRUPTION_SEED);
    this.#headerBytes = headerBytes;
    this.#impairment = { ...NO_IMPAIRMENT, ...impairment };
    this.#deliver = deliver;
  }

  /** Changes some impairments from the next datagram on. Datagrams on their way keep their fate. */
  set(impairment: Partial<Impairment>): void {
    this.#impairment = { ...this.#impairment, ...impairment };
  }

  setBlackhole(on: boolean): void {
    this.#blackhole = on;
  }

  /**
   * Takes a datagram in.
   * @param index the datagram's number (from 0) within its flow and direction
   * @param datagram the link owns it from here on: corruption happens in place
   */
  admit(flow: Flow, index: number, datagram: Buffer): void {
    const random = this.#random;
    const fate = {
      loss: random(),
      handshake: random(),
      duplicate: random(),
      reorder: random(),
      corrupt: random(),
      jitter: random(),
    };
    const impairment = this.#impairment;
    this.counters.received += 1;
    if (this.#blackhole) {
      this.counters.blackholed += 1;
      return;
    }
    const inHandshake = index < impairment.handshakeDatagrams && fate.handshake < impairment.handshakeLoss;
    if (fate.loss < impairment.loss || inHandshake || impairment.dropDatagrams.includes(index)) {
      this.counters.lost += 1;
      return;
    }
    if (impairment.mtu > 0 && datagram.length + this.#headerBytes > impairment.mtu) {
      this.counters.oversized += 1;
      return;
    }
    const now = performance.now();
    const departureMs = this.#departure(now, datagram.length);
    if (departureMs === undefined) {
      this.counters.queueDropped += 1;
      return;
    }
    if (fate.corrupt < impairment.corrupt) {
      this.#flipBits(datagram);
    }
    const inOrderMs = departureMs + impairment.delayMs + fate.jitter * impairment.jitterMs;
    this.#lastDueMs = Math.max(this.#lastDueMs, inOrderMs);
    let dueMs = this.#lastDueMs;
    if (fate.reorder < impairment.reorder) {
      this.counters.reordered += 1;
      dueMs += impairment.reorderDelayMs;
    }
    this.#schedule(now, dueMs, flow, datagram);
    if (fate.duplicate < impairment.duplicate) {
      this.counters.duplicated += 1;
      this.#schedule(now, dueMs, flow, datagram);
    }
  }

  /** Delivers at once a datagram that no peer sent. */
  inject(flow: Flow, datagram: Buffer): void {
    this.counters.injected += 1;
    this.#deliver(flow, datagram);
  }

  /** Counts a datagram that the user's hook threw away. */
  countLost(): void {
    this.counters.received += 1;
    this.counters.lost += 1;
  }

  /** Forgets the datagrams on their way. */
  close(): void {
    this.#delayed.clear();
  }

  /** When the datagram has left the rate-limited link, or undefined if the queue before it is full. */
  #departure(now: number, length: number): number | undefined {
    const { rateBytesPerSecond, queueBytes } = this.#impairment;
    if (rateBytesPerSecond === 0) {
      return now;
    }
    const startMs = Math.max(now, this.#linkFreeAtMs);
    const waitingBytes = ((startMs - now) / 1000) * rateBytesPerSecond;
    if (waitingBytes + length > queueBytes) {
      return undefined;
    }
    this.#linkFreeAtMs = startMs + (length / rateBytesPerSecond) * 1000;
    return this.#linkFreeAtMs;
  }

  #flipBits(datagram: Buffer): void {
    if (datagram.length === 0) {
      return;
    }
    const random = this.#corruptionRandom;
    const offset = Math.floor(random() * datagram.length);
    const bits = 1 + Math.floor(random() * MAX_FLIPPED_BITS);
    const shift = Math.floor(random() * (9 - bits));
    datagram.writeUInt8(datagram.readUInt8(offset) ^ (((1 << bits) - 1) << shift), offset);
    this.counters.corrupted += 1;
  }

  #schedule(now: number, dueMs: number, flow: Flow, datagram: Buffer): void {
    // A waiting datagram that is due already (timers are late by up to a millisecond) must not be overtaken.
    if (dueMs <= now && this.#delayed.firstDueMs > now) {
      this.#forward(flow, datagram);
    } else {
      this.#delayed.push(dueMs, { flow, datagram });
    }
  }

  #forward(flow: Flow, datagram: Buffer): void {
    this.counters.forwarded += 1;
    this.counters.forwardedBytes += datagram.length;
    this.#deliver(flow, datagram);
  }
}
