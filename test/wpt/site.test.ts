import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Site, windowPath } from '../../scripts/wpt/site.js';
import { parseTest } from '../../scripts/wpt/test-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A site over files of the test's own. */
async function siteWith(files: Readonly<Record<string, string>>, tests = [parseTest('/webtransport/t.any.js', '')]) {
  const root = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return new Site({ root, host: '127.0.0.1', port: 4433 }, tests);
}

test('files are served with their type', async () => {
  const site = await siteWith({ 'webtransport/t.any.js': 'x();', 'interfaces/a.idl': 'interface A {};' });
  expect(await site.read('/webtransport/t.any.js')).toEqual({ type: 'text/javascript; charset=utf-8', body: 'x();' });
  expect(await site.read('/interfaces/a.idl')).toMatchObject({ type: 'text/plain; charset=utf-8' });
  expect(await site.read('/webtransport/none.js')).toBeUndefined();
});

test('nothing outside of the served folders is', async () => {
  const site = await siteWith({ 'secret.js': '1', 'other/secret.js': '1', 'common/a.js': '1' });
  expect(await site.read('/common/a.js')).toBeDefined();
  for (const path of ['/secret.js', '/other/secret.js', '/common/../secret.js', '/common/../../secret.js', '/']) {
    expect(await site.read(path)).toBeUndefined();
  }
});

test('templates are filled in where the name says that a file is one', async () => {
  const text = '{{host}} {{ports[https][0]}} {{ ports[webtransport-h3][0] }} {{domains[www1]}}';
  const site = await siteWith({ 'common/a.sub.js': text, 'common/a.js': text });
  expect((await site.read('/common/a.sub.js'))?.body).toBe('127.0.0.1 4433 4433 domains[www1].invalid');
  expect((await site.read('/common/a.js'))?.body).toBe(text);
});

test('a test has a page that loads its scripts in order', async () => {
  const file = parseTest('/webtransport/t.any.js', '// META: timeout=long\n// META: script=/common/utils.js');
  const site = await siteWith({}, [file]);
  expect(windowPath(file)).toBe('/webtransport/t.any.html');
  const { type, body } = (await site.read('/webtransport/t.any.html')) ?? { type: '', body: '' };
  expect(type).toBe('text/html; charset=utf-8');
  expect(body).toContain('<meta name="timeout" content="long">');
  expect([...body.matchAll(/src="([^"]+)"/g)].map(([, source]) => source)).toEqual([
    '/resources/testharness.js',
    '/resources/testharnessreport.js',
    '/common/utils.js',
    '/webtransport/t.any.js',
  ]);
});
