/** Bytes read from a file at a time. */
export const FILE_BLOCK_BYTES = 256 * 1024;
/** Below this a block is allocated to measure: small files take no more memory than they have bytes. */
const POOLED_FROM_BYTES = 64 * 1024;
/** Unused blocks that are kept, for all streams of the thread: 4 MiB. */
const MAX_FREE_BLOCKS = 16;

const free: Buffer[] = [];

/** @returns a block of `wanted` bytes, at most {@link FILE_BLOCK_BYTES}; it holds what its last user left in it */
export function takeFileBlock(wanted: number): Buffer {
  if (wanted < POOLED_FROM_BYTES) return Buffer.allocUnsafe(wanted);
  return free.pop() ?? Buffer.allocUnsafeSlow(FILE_BLOCK_BYTES);
}

/** Gives a block back. Nobody may look at it any more. */
export function returnFileBlock(block: Buffer): void {
  if (block.length === FILE_BLOCK_BYTES && free.length < MAX_FREE_BLOCKS) free.push(block);
}
