import type { VirtualFdCalls } from '../../../src/native-server.js';

const FIRST_FD = 10;
const EMFILE = -24;

/** Descriptors that are only numbers, given as a kernel gives them: the lowest free one first. */
export class FakeVirtualFdCalls implements VirtualFdCalls {
  readonly open = new Set<number>();
  readonly hungUp: number[] = [];
  /** Closed although not open: a double close. */
  readonly doubleClosed: number[] = [];
  /** How many pairs each call asked for. */
  readonly batches: number[] = [];
  /** Descriptors closed by each call. */
  readonly closings: number[] = [];
  soft: number;
  hard: number;
  usageReads = 0;
  /** Instead of pairs, while set: a negative errno. */
  failure: number | undefined;

  constructor(soft = 1000, hard = soft) {
    this.soft = soft;
    this.hard = hard;
  }

  socketPairs(count: number): Int32Array | number {
    this.batches.push(count);
    if (this.failure !== undefined) return this.failure;
    const fds: number[] = [];
    for (let made = 0; made < count; made += 1) {
      const first = this.#lowestFree();
      if (first === undefined) break;
      this.open.add(first);
      const second = this.#lowestFree();
      if (second === undefined) {
        this.open.delete(first);
        break;
      }
      this.open.add(second);
      fds.push(first, second);
    }
    return fds.length === 0 ? EMFILE : Int32Array.from(fds);
  }

  closeFds(fds: Int32Array): void {
    this.closings.push(fds.length);
    for (const fd of fds) {
      if (!this.open.delete(fd)) this.doubleClosed.push(fd);
    }
  }

  hangUp(fd: number): void {
    this.hungUp.push(fd);
  }

  fdUsage(): { readonly soft: number; readonly hard: number; readonly open: number } {
    this.usageReads += 1;
    return { soft: this.soft, hard: this.hard, open: FIRST_FD + this.open.size };
  }

  setFdLimit(soft: number): number {
    this.soft = Math.min(soft, this.hard);
    return this.soft;
  }

  #lowestFree(): number | undefined {
    for (let fd = FIRST_FD; fd < this.soft; fd += 1) {
      if (!this.open.has(fd)) return fd;
    }
    return undefined;
  }
}
