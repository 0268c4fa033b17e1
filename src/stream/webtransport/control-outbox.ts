import { decodeVarint } from './varint.js';

const NOTHING = new Uint8Array(0);

/**
 * Capsules that wait to be sent on a CONNECT stream.
 *
 * Only the newest of each type waits: a later limit, or where this end is blocked, replaces an earlier one, as it does in
 * frames of QUIC. So a peer that gives the stream no credit cannot make it grow.
 */
export class ControlOutbox {
  /** By type, in the order in which they go. */
  readonly #waiting = new Map<number, Uint8Array>();
  /** What is left of the capsule that is sent in part: it cannot be replaced any more. */
  #begun: Uint8Array = NOTHING;

  get isEmpty(): boolean {
    return this.#begun.length === 0 && this.#waiting.size === 0;
  }

  /** All that waits. */
  get bytes(): Uint8Array {
    return this.#waiting.size === 0 ? this.#begun : Buffer.concat([this.#begun, ...this.#waiting.values()]);
  }

  /** @param capsule a whole one (RFC 9297 3.2) */
  add(capsule: Uint8Array): void {
    this.#waiting.set(decodeVarint(capsule), capsule);
  }

  /** So many of {@link bytes}, from the first on, are sent. */
  sent(bytes: number): void {
    const ofBegun = Math.min(bytes, this.#begun.length);
    this.#begun = this.#begun.subarray(ofBegun);
    let left = bytes - ofBegun;
    for (const [type, capsule] of this.#waiting) {
      if (left === 0) return;
      this.#waiting.delete(type);
      const taken = Math.min(left, capsule.length);
      this.#begun = capsule.subarray(taken);
      left -= taken;
    }
  }

  clear(): void {
    this.#waiting.clear();
    this.#begun = NOTHING;
  }
}
