import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();

test.each([
  [1, 0.1],
  [2, 1],
])('a download and an upload whose datagrams arrive twice (seed %i, probability %f)', async (seed, duplicate) => {
  const path = await site.path({ seed, up: { duplicate }, down: { duplicate } });
  const session = path.open();
  await path.expectDownload(session);
  await path.expectUpload(session);
  const { up, down } = await path.proxy.counters();
  expect(up.duplicated).toBeGreaterThan(0);
  expect(down.duplicated).toBeGreaterThan(0);
  expect((await session.stats())?.packetsDuplicate).toBeGreaterThan(0);
});
