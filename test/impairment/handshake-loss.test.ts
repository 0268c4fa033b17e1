import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();
const HANDSHAKE_LOSS = { handshakeLoss: 0.3 };

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a handshake that loses 3 in 10 of its datagrams (seed %i)', async (seed) => {
  const path = await site.path({ seed, up: HANDSHAKE_LOSS, down: HANDSHAKE_LOSS });
  await path.expectDownload(path.open());
  const { up, down } = await path.proxy.counters();
  expect(up.lost + down.lost).toBeGreaterThan(0);
});

/** In each direction: which of the first datagrams are lost. */
test.each<[string, readonly number[], readonly number[]]>([
  ["the client's first flight", [0, 1], []],
  ["the server's first flight", [], [0, 1, 2, 3]],
  ["the client's Finished", [2, 3], []],
  ['the first flights of both', [0, 1, 2], [0, 1, 2]],
])('a handshake that loses %s', async (_name, up, down) => {
  const path = await site.path({ seed: 0, up: { dropDatagrams: up }, down: { dropDatagrams: down } });
  await path.expectDownload(path.open());
  const counters = await path.proxy.counters();
  expect([counters.up.lost, counters.down.lost]).toEqual([up.length, down.length]);
});
