/**
 * How many descriptors virtual fds may take, and when to warn.
 *
 * Counting a process's descriptors means reading a directory with an entry for each, too slow for every connection.
 * It is not needed: the kernel gives the lowest free number (POSIX.1-2017, 2.14), so a new descriptor n says that at
 * least n others are open. A number in the reserve, the highest below the limit, is therefore not kept, and a number
 * above the threshold is a warning.
 */
import type { VirtualFdCalls } from '../native-server.js';

/** Given once when the use of descriptors comes near the limit, and again only after it was well below it. */
export interface FdWarning {
  /** Descriptors open in the process, at least. */
  readonly open: number;
  /** Soft RLIMIT_NOFILE. */
  readonly limit: number;
  /** errno name if a descriptor was refused: 'EMFILE', 'ENFILE' …; undefined if use is only near the limit. */
  readonly errno: string | undefined;
}

/** Share of the limit by which use must fall below the threshold before another warning is given. */
const REARM_SHARE = 0.1;
/** Refusals come as fast as somebody sends Initials: usage is read again at most this often, milliseconds. */
const USAGE_AGE_MS = 1000;

export class FdBudget {
  readonly #calls: VirtualFdCalls;
  readonly #reserved: number;
  readonly #warnAt: number;
  readonly #warn: (warning: FdWarning) => void;
  #limit: number;
  /** Descriptors open in the process when usage was last read, and when that was (monotonic clock, milliseconds). */
  #open = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  /** After a warning, the number of our own descriptors below which the next may be given. */
  #rearmBelow: number | undefined;

  constructor(
    calls: VirtualFdCalls,
    softLimit: number,
    options: { readonly reservedFds: number; readonly warnAt: number },
    warn: (warning: FdWarning) => void,
  ) {
    this.#calls = calls;
    this.#limit = softLimit;
    this.#reserved = options.reservedFds;
    this.#warnAt = options.warnAt;
    this.#warn = warn;
  }

  /** Soft RLIMIT_NOFILE as last seen. */
  get limit(): number {
    return this.#limit;
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** True from a warning until use has fallen again. */
  get warned(): boolean {
    return this.#rearmBelow !== undefined;
  }

  /** The lowest descriptor number that belongs to the reserve. */
  get ceiling(): number {
    return Math.max(0, this.#limit - this.#reserved);
  }

  /**
   * Descriptors were made.
   *
   * @param highest the highest number among them; one in the reserve has been closed again
   * @param own descriptors of ours, to see use fall later
   */
  made(highest: number, own: number): void {
    const open = Math.min(highest + 1, this.ceiling);
    if (open >= this.#threshold) this.#give(open, undefined, own);
  }

  /** A descriptor was refused. The limit may have been changed from outside (prlimit), so it is read again. */
  refused(errno: string, own: number): void {
    const now = performance.now();
    if (now - this.#readAt >= USAGE_AGE_MS) {
      this.#readAt = now;
      const { soft, open } = this.#calls.fdUsage();
      this.#limit = soft;
      this.#open = open;
    }
    this.#give(this.#open, errno, own);
  }

  /** Descriptors of ours were closed. */
  closed(own: number): void {
    if (this.#rearmBelow !== undefined && own < this.#rearmBelow) this.#rearmBelow = undefined;
  }

  get #threshold(): number {
    return Math.min(this.#limit * this.#warnAt, this.ceiling);
  }

  #give(open: number, errno: string | undefined, own: number): void {
    if (this.#rearmBelow !== undefined) return;
    this.#rearmBelow = own - Math.max(0, open - this.#threshold) - this.#limit * REARM_SHARE;
    this.#warn({ open, limit: this.#limit, errno });
  }
}
