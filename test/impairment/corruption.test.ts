import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();

// QUIC authenticates every packet: a corrupted one counts as lost, in the handshake as well.
test.each([1, 2, 3])('a download and an upload with bits flipped in one datagram of 50 (seed %i)', async (seed) => {
  const path = await site.path({ seed, up: { corrupt: 0.02 }, down: { corrupt: 0.02 } });
  const session = path.open();
  await path.expectDownload(session);
  await path.expectUpload(session);
  const { up, down } = await path.proxy.counters();
  expect(up.corrupted).toBeGreaterThan(0);
  expect(down.corrupted).toBeGreaterThan(0);
  expect((await session.stats())?.packetsDropped).toBeGreaterThan(0);
});

test.each([4, 5, 6])('a handshake with bits flipped in 3 of 10 datagrams (seed %i)', async (seed) => {
  const path = await site.path({ seed, up: { corrupt: 0.3 }, down: { corrupt: 0.3 } });
  const session = path.open();
  await new Promise((resolve) => session.once('connect', resolve));
  await path.proxy.set('up', { corrupt: 0 });
  await path.proxy.set('down', { corrupt: 0 });
  await path.expectDownload(session);
});
