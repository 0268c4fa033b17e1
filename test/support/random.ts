/**
 * Seeded pseudo-random numbers, so that a failure replays from its seed.
 *
 * @param seed any integer; its low 32 bits count
 * @returns a generator of numbers in [0, 1) with 32 bits each (mulberry32)
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
