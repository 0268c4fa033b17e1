/** The order of runs. */

/**
 * Lets everybody run once in each round, and begins each round with another one: what changes slowly on the machine, and what a run
 * leaves to the next, falls on all alike.
 *
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} rounds
 * @returns {Generator<Item>}
 */
export function* interleave(items, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % items.length;
    yield* items.slice(first);
    yield* items.slice(0, first);
  }
}
