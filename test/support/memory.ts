import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const SAMPLE_INTERVAL_MS = 20;
/** Two collections: objects with finalizers are only freed by the second. */
const COLLECTIONS = 2;

let collect: (() => void) | undefined;

/** Collects garbage, with or without `--expose-gc` on the command line. Native finalizers have run when it resolves. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  for (let round = 0; round < COLLECTIONS; round += 1) {
    collect();
    await nextTurn();
  }
}

/** This process's resident set in bytes, after a garbage collection. */
export async function residentBytes(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage.rss();
}

/**
 * Another process's resident set in bytes (Linux).
 * @throws ENOENT if there is no such process
 */
export function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kibibytes === undefined) {
    throw new Error(`process ${pid} has no resident set`);
  }
  return Number(kibibytes) * 1024;
}

/** Watches this process's resident set while something runs. */
export class ResidentSampler {
  readonly startBytes = process.memoryUsage.rss();
  #peakBytes = this.startBytes;
  readonly #timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS).unref();

  /** Highest sample so far. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Highest sample less the first. */
  get growthBytes(): number {
    return this.#peakBytes - this.startBytes;
  }

  /** Takes a sample now, besides those taken every 20 ms. */
  sample(): void {
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
  }

  stop(): void {
    this.sample();
    clearInterval(this.#timer);
  }
}
