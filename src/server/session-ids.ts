/**
 * Session ids: 63 bits, never given twice by a process, nor by another process of its group, nor after a restart.
 *
 * | bits  | field                                                                    |
 * |-------|--------------------------------------------------------------------------|
 * | 63    | 0, so that the id also fits a signed 64-bit integer                      |
 * | 62-29 | block: time in units of 64 ms since 2025-01-01T00:00:00Z (until 2059)    |
 * | 28-13 | node: which process of the group                                         |
 * | 12-0  | counter within the block                                                 |
 *
 * A block is the time at which it was begun, not the time of each id: a process goes on in its block until the counter
 * is used up, and then takes the present time, at least one more than its last block. A process that gives fewer than
 * 128,000 ids a second (8,192 each 64 ms) therefore never runs ahead of the clock, and what starts after it with the
 * same node number begins beyond all its blocks. Two processes that live at the same time need different node numbers.
 */
import { threadId } from 'node:worker_threads';
import { InvalidArgumentError } from '../errors.js';

const EPOCH_MS = Date.UTC(2025, 0, 1);
const BLOCK_MS = 64;
const COUNTER_BITS = 13n;
const NODE_BITS = 16n;
const COUNTERS_PER_BLOCK = 2 ** Number(COUNTER_BITS);
/** One more than the largest node number. */
export const SESSION_ID_NODES = 2 ** Number(NODE_BITS);
/** Keeps the numbers of one process's threads apart; odd, so that it takes all values modulo 2^16. */
const THREAD_STRIDE = 40_503;

/** The last block any generator of this thread has begun: two servers in one thread share no block. */
let lastBlock = 0;

function beginBlock(nowMs: number): number {
  lastBlock = Math.max(Math.floor((nowMs - EPOCH_MS) / BLOCK_MS), lastBlock + 1);
  return lastBlock;
}

/** For a process that was given no node number: differs between its threads, and from processes started around it. */
export function defaultSessionIdNode(): number {
  return (process.pid + threadId * THREAD_STRIDE) % SESSION_ID_NODES;
}

/** Gives session ids in increasing order. */
export class SessionIds {
  readonly #node: bigint;
  readonly #now: () => number;
  #prefix = 0n;
  #counter = COUNTERS_PER_BLOCK;

  /**
   * @param node 0 to 65535
   * @param now milliseconds since the epoch; default `Date.now`
   * @throws InvalidArgumentError if `node` is out of range
   */
  constructor(node: number, now: () => number = Date.now) {
    if (!Number.isInteger(node) || node < 0 || node >= SESSION_ID_NODES) {
      throw new InvalidArgumentError(`nodeId must be an integer from 0 to ${SESSION_ID_NODES - 1}, not ${node}`);
    }
    this.#node = BigInt(node) << COUNTER_BITS;
    this.#now = now;
  }

  next(): bigint {
    if (this.#counter === COUNTERS_PER_BLOCK) {
      this.#prefix = (BigInt(beginBlock(this.#now())) << (COUNTER_BITS + NODE_BITS)) | this.#node;
      this.#counter = 0;
    }
    const id = this.#prefix | BigInt(this.#counter);
    this.#counter += 1;
    return id;
  }
}
