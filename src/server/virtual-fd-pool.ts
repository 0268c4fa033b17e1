/**
 * Makes, keeps and ends the socketpairs of virtual fds.
 *
 * A pair that was hung up can never be used again: its end of stream is for ever. What is used again are
 *  - pairs of connections that ended without their fd having been told to anybody (failed handshakes above all, and
 *    most connections of a server that never looks at `connection.fd` or `session.socket`): no hang-up, no system call;
 *  - fd numbers, which the kernel gives again, lowest first, once the quarantine has closed them.
 * All making and closing is in batches, and outside of the accept path as long as the pool is not empty.
 */
import { getSystemErrorName } from 'node:util';
import type { VirtualFdCalls } from '../native-server.js';
import type { FdBudget } from './fd-budget.js';
import { FdQuarantine } from './fd-quarantine.js';
import { VirtualFd } from './virtual-fd.js';
import { VirtualFdExhaustedError } from './virtual-fd-errors.js';
import { FDS_PER_PAIR, type ResolvedVirtualFdOptions } from './virtual-fd-options.js';

/** What a pool holds and has done. Counts of pairs. */
export interface VirtualFdPoolStats {
  /** With connections now. */
  readonly inUse: number;
  /** Ready for the next connections. */
  readonly pooled: number;
  /** Hung up, not yet closed. */
  readonly quarantined: number;
  /** Since the start: made, given to a connection again as they were, and connections that got none. */
  readonly created: number;
  readonly reused: number;
  readonly refused: number;
}

export class VirtualFdPool {
  readonly #calls: VirtualFdCalls;
  readonly #options: ResolvedVirtualFdOptions;
  readonly #budget: FdBudget;
  readonly #quarantine: FdQuarantine;
  /** The next one last. */
  readonly #ready: VirtualFd[] = [];
  /** Descriptors that nobody knows, to be closed in the next turn. */
  #garbage: number[] = [];
  #upkeep: NodeJS.Immediate | undefined;
  /** Descriptors that are ours to close. */
  #own = 0;
  /** The last attempt ended at a limit: until one succeeds, most of a batch would only be closed again. */
  #short = false;
  #closed = false;
  #inUse = 0;
  #created = 0;
  #reused = 0;
  #refused = 0;

  /** Makes the first pairs in the next turn of the event loop. */
  constructor(calls: VirtualFdCalls, options: ResolvedVirtualFdOptions, budget: FdBudget) {
    this.#calls = calls;
    this.#options = options;
    this.#budget = budget;
    this.#quarantine = new FdQuarantine(options.quarantineMs, options.maxQuarantined, (fds) => this.#closeAll(fds));
    this.#scheduleUpkeep();
  }

  /**
   * A pair for a new connection.
   *
   * @throws VirtualFdExhaustedError if there is none; the next call tries again
   */
  take(): VirtualFd {
    if (this.#ready.length === 0) this.#makeNow();
    const taken = this.#ready.pop();
    if (taken === undefined) throw new Error('A pair was made and is not there');
    if (this.#ready.length < this.#options.poolLow) this.#scheduleUpkeep();
    this.#inUse += 1;
    return taken;
  }

  /** The connection of this pair has ended. Whoever waits on its fd is told by a hang-up. */
  release(pair: VirtualFd): void {
    this.#inUse -= 1;
    if (pair.unseen) {
      this.#putBack(pair);
      return;
    }
    this.#calls.hangUp(pair.internal);
    if (pair.ownedBySocket) {
      this.#own -= 1;
      this.#quarantine.add([pair.internal]);
    } else {
      this.#quarantine.add([pair.number, pair.internal]);
    }
  }

  stats(): VirtualFdPoolStats {
    return {
      inUse: this.#inUse,
      pooled: this.#ready.length,
      quarantined: this.#quarantine.size,
      created: this.#created,
      reused: this.#reused,
      refused: this.#refused,
    };
  }

  /** Closes what is ready. Pairs in quarantine, and those still to be released, are closed when their time is over. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#upkeep);
    for (const pair of this.#ready.splice(0)) this.#garbage.push(pair.number, pair.internal);
    this.#closeGarbage();
  }

  #putBack(pair: VirtualFd): void {
    if (!this.#closed && this.#ready.length < this.#options.poolHigh) {
      this.#reused += 1;
      this.#ready.push(pair);
      return;
    }
    this.#garbage.push(pair.number, pair.internal);
    this.#scheduleUpkeep();
  }

  /** The pool is empty and a connection waits. */
  #makeNow(): void {
    this.#closeGarbage();
    const errno = this.#make(this.#options.poolBatch);
    if (this.#ready.length > 0) return;
    this.#refused += 1;
    this.#budget.refused(errno, this.#own);
    throw new VirtualFdExhaustedError(errno, this.#explain(errno));
  }

  #explain(errno: string): string {
    if (errno === 'ERANGE') return `No virtual fd below ${this.#options.listSize}, the size of the connection list`;
    const { limit, reserved } = this.#budget;
    const held = `${this.#inUse} connections have one, ${reserved} of ${limit} descriptors are kept free`;
    return `No virtual fd (${errno}): ${held}`;
  }

  /** Makes at most `most` pairs. Returns the errno name of what stopped it before that; '' if nothing did. */
  #make(most: number): string {
    const count = this.#short ? 1 : most;
    const made = this.#calls.socketPairs(count);
    if (typeof made === 'number') {
      this.#short = true;
      return getSystemErrorName(made);
    }
    this.#own += made.length;
    let refusal = made.length < count * FDS_PER_PAIR ? 'EMFILE' : '';
    const fresh: VirtualFd[] = [];
    let highest = 0;
    for (let index = 0; index + 1 < made.length; index += FDS_PER_PAIR) {
      const pair = new VirtualFd(made[index] ?? -1, made[index + 1] ?? -1);
      highest = Math.max(highest, pair.number);
      const reason = this.#unusable(pair.number);
      if (reason === undefined) {
        fresh.push(pair);
      } else {
        refusal = reason;
        this.#garbage.push(pair.number, pair.internal);
      }
    }
    this.#created += fresh.length;
    // Lowest numbers first, as the kernel gives them.
    this.#ready.push(...fresh.reverse());
    this.#short = refusal !== '';
    this.#closeGarbage();
    this.#budget.made(highest, this.#own);
    return refusal;
  }

  #unusable(fd: number): string | undefined {
    if (fd >= this.#budget.ceiling) return 'EMFILE';
    return fd < this.#options.listSize ? undefined : 'ERANGE';
  }

  #scheduleUpkeep(): void {
    if (this.#closed) {
      this.#closeGarbage();
      return;
    }
    this.#upkeep ??= setImmediate(() => {
      this.#upkeep = undefined;
      this.#closeGarbage();
      this.#refill();
    });
  }

  #refill(): void {
    while (this.#ready.length < this.#options.poolHigh) {
      const missing = this.#options.poolHigh - this.#ready.length;
      if (this.#make(Math.min(missing, this.#options.poolBatch)) !== '') return;
    }
  }

  #closeGarbage(): void {
    const garbage = this.#garbage;
    if (garbage.length === 0) return;
    this.#garbage = [];
    this.#closeAll(garbage);
  }

  #closeAll(fds: readonly number[]): void {
    this.#own -= fds.length;
    this.#calls.closeFds(Int32Array.from(fds));
    this.#budget.closed(this.#own);
  }
}
