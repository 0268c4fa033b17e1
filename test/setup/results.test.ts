import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheRoot } from '../../scripts/lib/layout.mjs';
import { closingLine, countCargo, countVitest } from '../../scripts/lib/test-counts.mjs';
import { cargoConfiguration, lockedCrates } from '../../scripts/steps/crates.mjs';
import { isInstalled } from '../../scripts/steps/npm.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('cacheRoot', () => {
  it('follows the variables in their order', () => {
    expect(cacheRoot({ NECKO_HTTP3_CACHE: '/big/disk', XDG_CACHE_HOME: '/xdg' }, '/home/me')).toBe('/big/disk');
    expect(cacheRoot({ XDG_CACHE_HOME: '/xdg' }, '/home/me')).toBe('/xdg/necko-http3');
    expect(cacheRoot({ XDG_CACHE_HOME: 'relative' }, '/home/me')).toBe('/home/me/.cache/necko-http3');
  });
});

describe('lockedCrates', () => {
  it('names those with a source, not the workspace\u2019s own or replaced ones', () => {
    const lock = `version = 3
[[package]]
name = "neqo-ffi"
version = "0.1.0"

[[package]]
name = "libc"
version = "0.2.171"
source = "registry+index"
`;
    expect(lockedCrates(lock)).toEqual([{ name: 'libc', version: '0.2.171' }]);
  });
});

describe('cargoConfiguration', () => {
  it('replaces the registry by the directory', () => {
    const text = cargoConfiguration('/cache/crates', '/cache/replaced');
    expect(text).toContain('[source.crates-io]\nreplace-with = "firefox"');
    expect(text).toContain('[source.firefox]\ndirectory = "/cache/crates"');
    expect(text).toContain('itertools = { path = "/cache/replaced/itertools" }');
  });
});

describe('isInstalled', () => {
  const lock = (packages: object): string => JSON.stringify({ packages });
  const wanted = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
  };

  it.each([
    ['the same', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } }, true],
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } }, false],
    ['nothing', {}, false],
  ])('with %s installed', async (_title, installed, expected) => {
    const root = await temporaryDirectory();
    await mkdir(join(root, 'node_modules'));
    await writeFile(join(root, 'package-lock.json'), lock(wanted));
    expect(await isInstalled(root)).toBe(false);
    await writeFile(join(root, 'node_modules/.package-lock.json'), lock(installed));
    expect(await isInstalled(root)).toBe(expected);
  });
});

describe('counting tests', () => {
  it('adds up cargo\u2019s targets', () => {
    const output = `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\ntest result: FAILED. 2 passed; 1 failed; 0 ignored\n`;
    expect(countCargo(output, false)).toEqual({ passed: 5, failed: 1, skipped: 1 });
  });

  it('counts a run that broke without a failed test as a failure', () => {
    expect(countCargo('error: could not compile', false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countVitest('', true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    const report = JSON.stringify({ numPassedTests: 4, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0 });
    expect(countVitest(report, false)).toEqual({ passed: 4, failed: 1, skipped: 1 });
  });

  it('closes with the sum', () => {
    const ok = { passed: 2, failed: 0, skipped: 0 };
    expect(closingLine([ok, ok])).toEqual({ line: '4 passed, 0 failed', succeeded: true });
    expect(closingLine([ok, { passed: 0, failed: 1, skipped: 2 }])).toEqual({
      line: '2 passed, 1 failed, 2 skipped',
      succeeded: false,
    });
  });
});
