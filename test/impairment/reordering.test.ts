import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();

test.each([1, 2])('a download and an upload whose datagrams overtake one another (seed %i)', async (seed) => {
  const reordering = { reorder: 0.1, reorderDelayMs: 5 };
  const path = await site.path({ seed, up: reordering, down: reordering });
  const session = path.open();
  await path.expectDownload(session);
  await path.expectUpload(session);
  const { up, down } = await path.proxy.counters();
  expect(up.reordered).toBeGreaterThan(0);
  expect(down.reordered).toBeGreaterThan(0);
});

test('reordering with delay and jitter, as on a radio link (seed 3)', async () => {
  const link = { reorder: 0.005, reorderDelayMs: 20, delayMs: 5, jitterMs: 5 };
  const path = await site.path({ seed: 3, up: link, down: link });
  const session = path.open();
  await path.expectDownload(session);
  await path.expectUpload(session);
});
