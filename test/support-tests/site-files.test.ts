import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bodySha256, generateBody, writeSiteFile } from '../support/site-files.js';

const MEBIBYTE = 1024 * 1024;

test.each([0, 1, 1000, MEBIBYTE, 3 * MEBIBYTE + 7])('a file of %d bytes has its hash', async (bytes) => {
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { sha256 } = await writeSiteFile(directory, 'file', bytes);
  const content = await readFile(join(directory, 'file'));
  expect(content.length).toBe(bytes);
  expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  expect(bodySha256(bytes)).toBe(sha256);
});

test('a longer body begins like a shorter one; another seed gives another body', () => {
  const first = Buffer.concat([...generateBody(5000)]);
  const longer = Buffer.concat([...generateBody(2 * MEBIBYTE)]);
  expect(longer.subarray(0, 5000).equals(first)).toBe(true);
  expect(Buffer.concat([...generateBody(5000, 1)]).equals(first)).toBe(false);
  // No block repeats, so a block in the wrong place shows.
  expect(longer.subarray(0, MEBIBYTE).equals(longer.subarray(MEBIBYTE))).toBe(false);
});
