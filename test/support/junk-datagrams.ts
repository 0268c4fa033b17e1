import type { Direction } from './impairment.js';
import { createRandom } from './random.js';

/** Real datagrams kept to be mutated. */
const KEPT = 64;
const LONGEST_UDP_PAYLOAD = 65_507;
/** Lengths at which parsers change their mind: nothing, one byte, a header's end, an Initial's minimum, the largest. */
const SPECIAL_LENGTHS = [0, 1, 2, 5, 6, 20, 21, 22, 42, 1199, 1200, 1252, 1472, 9000, 65_506, LONGEST_UDP_PAYLOAD];
const USUAL_LENGTH = 1500;
const MAX_MUTATIONS = 8;
/** Of QUIC version 1 and 2, Version Negotiation, and one to provoke negotiation (RFC 9000 15, RFC 9369 3.1). */
const VERSIONS = [1, 0x6b3343cf, 0, 0x1a2a3a4a];
const LONG_HEADER_BYTES = 1200;

/**
 * Datagrams as no peer would send them, seeded: random bytes of any length, random QUIC long headers, and copies of real datagrams,
 * mutated, truncated, spliced or as they were.
 */
export class JunkDatagrams {
  readonly #random: () => number;
  readonly #real: Buffer[] = [];
  #observed = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** Remembers a datagram of the server for mutation: the first ones, and then a moving sample. */
  observe(direction: Direction, datagram: Buffer): void {
    if (direction === 'up') return;
    this.#real[this.#observed % KEPT] = Buffer.from(datagram);
    this.#observed += 1;
  }

  next(): Buffer {
    const original = this.#real[this.#below(this.#real.length)];
    const kind = this.#below(original === undefined ? 2 : 8);
    if (kind === 0) return this.#noise(this.#length());
    if (kind === 1 || original === undefined) return this.#longHeader();
    if (kind === 2) return Buffer.from(original);
    if (kind === 3) return original.subarray(0, this.#below(original.length + 1));
    if (kind === 4) return Buffer.concat([original, this.#noise(this.#below(USUAL_LENGTH))]);
    if (kind === 5) return this.#splice(original);
    return this.#mutate(original);
  }

  #length(): number {
    const special = SPECIAL_LENGTHS[this.#below(SPECIAL_LENGTHS.length * 4)];
    return special ?? this.#below(USUAL_LENGTH);
  }

  #noise(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let offset = 0; offset + 4 <= length; offset += 4) bytes.writeUInt32LE(this.#below(2 ** 32), offset);
    for (let offset = length & ~3; offset < length; offset += 1) bytes.writeUInt8(this.#below(256), offset);
    return bytes;
  }

  /** A first byte and version that are plausible, random connection ids and random lengths. */
  #longHeader(): Buffer {
    const datagram = this.#noise(LONG_HEADER_BYTES);
    datagram.writeUInt8(0xc0 | this.#below(64), 0);
    datagram.writeUInt32BE(VERSIONS[this.#below(VERSIONS.length)] ?? 1, 1);
    datagram.writeUInt8(this.#below(24), 5);
    return datagram;
  }

  /** Begins like one real datagram and goes on like another. */
  #splice(first: Buffer): Buffer {
    const second = this.#real[this.#below(this.#real.length)] ?? first;
    const at = this.#below(Math.min(first.length, second.length) + 1);
    return Buffer.concat([first.subarray(0, at), second.subarray(at)]);
  }

  #mutate(original: Buffer): Buffer {
    const mutated = Buffer.from(original);
    for (let left = this.#below(MAX_MUTATIONS); left >= 0 && mutated.length > 0; left -= 1) {
      // Half of the changes hit the headers.
      const limit = this.#below(2) === 0 ? Math.min(mutated.length, 64) : mutated.length;
      mutated.writeUInt8(this.#below(256), this.#below(limit));
    }
    return mutated;
  }

  /** An integer in [0, limit). */
  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
