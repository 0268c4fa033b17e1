import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();

test.each([1, 2, 3])('a download and an upload with one datagram in 20 lost both ways (seed %i)', async (seed) => {
  const path = await site.path({ seed, up: { loss: 0.05 }, down: { loss: 0.05 } });
  const session = path.open();
  await path.expectDownload(session);
  await path.expectUpload(session);
  const { up, down } = await path.proxy.counters();
  expect(up.lost).toBeGreaterThan(0);
  expect(down.lost).toBeGreaterThan(0);
  expect((await session.stats())?.packetsLost).toBeGreaterThan(0);
});
