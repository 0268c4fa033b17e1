import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { expectNoNewDescriptors, listDescriptors, newDescriptors } from '../support/descriptors.js';
import { collectGarbage, ResidentSampler, residentBytes, residentBytesOf } from '../support/memory.js';
import { bindUdpSocket } from '../support/udp-socket.js';

const MEBIBYTE = 1024 * 1024;

test('new descriptors are listed with their kinds', async () => {
  const before = listDescriptors();
  const udp = await bindUdpSocket('127.0.0.1', 0);
  const udp6 = await bindUdpSocket('::1', 0);
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const file = openSync('/dev/null', 'r');
  const opened = newDescriptors(before);
  expect(opened.map(({ kind }) => kind).sort()).toEqual(['file', 'tcp', 'udp', 'udp6']);
  await expect(expectNoNewDescriptors(before, 20)).rejects.toThrow(/4 descriptors left open:\n\d+ /);
  udp.close();
  udp6.close();
  tcp.close();
  closeSync(file);
  await expectNoNewDescriptors(before);
});

test('a sampler sees memory come, and garbage collection sees it go', async () => {
  const before = await residentBytes();
  const sampler = new ResidentSampler();
  let block: Buffer | undefined = Buffer.alloc(64 * MEBIBYTE, 1);
  sampler.sample();
  expect(sampler.growthBytes).toBeGreaterThan(48 * MEBIBYTE);
  expect(block.length).toBe(64 * MEBIBYTE);
  block = undefined;
  await collectGarbage();
  sampler.stop();
  expect((await residentBytes()) - before).toBeLessThan(16 * MEBIBYTE);
  expect(sampler.peakBytes).toBeGreaterThanOrEqual(sampler.startBytes);
});

test('the resident set of another process', () => {
  const own = process.memoryUsage.rss();
  expect(Math.abs(residentBytesOf(process.pid) - own)).toBeLessThan(8 * MEBIBYTE);
  expect(() => residentBytesOf(2 ** 22 + 1)).toThrow('ENOENT');
});
