import { loadAddon } from '../../src/native.js';
import { residentBytes } from '../../test/support/memory.js';

/** Of one process. */
export interface Memory {
  /** After a garbage collection. */
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Native objects that exist, by kind. */
  readonly native: Readonly<Record<string, number>>;
}

/** Of this process. */
export async function ownMemory(): Promise<Memory> {
  const resident = await residentBytes();
  const { heapUsed } = process.memoryUsage();
  return { residentBytes: resident, heapBytes: heapUsed, native: { ...loadAddon().counters() } };
}
