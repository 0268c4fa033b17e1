import { expect, test } from 'vitest';
import { ImpairedSite } from '../support/impaired-path.js';

const site = ImpairedSite.forThisFile();
const BLACKHOLE_MS = 3_000;
/** Makes the transfers long enough for something to happen in their midst. */
const RATE = { rateBytesPerSecond: 4 * 1024 * 1024 };

test('a download that a blackhole of 3 s interrupts', async () => {
  const path = await site.path({ seed: 1, up: RATE, down: RATE });
  const session = path.open();
  let disconnects = 0;
  session.on('disconnect', () => {
    disconnects += 1;
  });
  const download = path.expectDownload(session);
  await expect.poll(async () => (await path.proxy.counters()).down.forwarded).toBeGreaterThan(500);
  await path.proxy.blackholeFor(BLACKHOLE_MS);
  expect((await path.proxy.counters()).up.blackholed).toBeGreaterThan(0);
  await download;
  expect(disconnects).toBe(0);
});

test('an upload that a blackhole of 3 s interrupts', async () => {
  const path = await site.path({ seed: 1, up: RATE, down: RATE });
  const session = path.open();
  let disconnects = 0;
  session.on('disconnect', () => {
    disconnects += 1;
  });
  const upload = path.expectUpload(session);
  await expect.poll(async () => (await path.proxy.counters()).up.forwarded).toBeGreaterThan(500);
  await path.proxy.blackholeFor(BLACKHOLE_MS);
  expect((await path.proxy.counters()).up.blackholed).toBeGreaterThan(0);
  await upload;
  expect(disconnects).toBe(0);
});
