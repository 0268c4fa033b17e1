import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { produceDirectory, pruneOlder, removeLeftovers } from '../../scripts/lib/atomic.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('produceDirectory', () => {
  it('shows the directory only when it is complete', async () => {
    const root = await temporaryDirectory();
    const target = join(root, 'nss-1');
    await produceDirectory(target, async (directory) => {
      await writeFile(join(directory, 'libssl.a'), 'archive');
      expect(existsSync(target)).toBe(false);
    });
    expect(await readdir(root)).toEqual(['nss-1']);
    expect(await readFile(join(target, 'libssl.a'), 'utf8')).toBe('archive');
  });

  it('leaves nothing behind when the work fails, and keeps the result that was there', async () => {
    const root = await temporaryDirectory();
    const target = join(root, 'dist');
    const failing = produceDirectory(target, async (directory) => {
      await writeFile(join(directory, 'half'), '');
      throw new Error('compiler error');
    });
    await expect(failing).rejects.toThrow('compiler error');
    expect(await readdir(root)).toEqual([]);

    await produceDirectory(target, (directory) => writeFile(join(directory, 'version'), 'old'));
    await expect(produceDirectory(target, () => Promise.reject(new Error('again')))).rejects.toThrow('again');
    expect(await readdir(root)).toEqual(['dist']);
    await produceDirectory(target, (directory) => writeFile(join(directory, 'version'), 'new'));
    expect(await readFile(join(target, 'version'), 'utf8')).toBe('new');
    expect(await readdir(root)).toEqual(['dist']);
  });

  it('leaves no result when it is killed, and the next run clears its leftovers', async () => {
    const root = await temporaryDirectory();
    const target = join(root, 'neqo-1');
    const module = new URL('../../scripts/lib/atomic.mjs', import.meta.url).href;
    const script = `
      const { produceDirectory } = await import(${JSON.stringify(module)});
      await produceDirectory(${JSON.stringify(target)}, async () => {
        process.stdout.write('working');
        await new Promise(() => setInterval(() => {}, 1000));
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(existsSync(target)).toBe(false);
    expect(await readdir(root)).toHaveLength(1);
    await removeLeftovers(root);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('pruneOlder', () => {
  it('keeps the result in use and the most recent others of its kind', async () => {
    const root = await temporaryDirectory();
    const names = ['1', '2', '3', '4'].map((digit) => `neqo-${digit.repeat(16)}`);
    for (const [index, name] of [...names, `nss-${'1'.repeat(16)}`, 'logs'].entries()) {
      await mkdir(join(root, name));
      await utimes(join(root, name), index, index);
    }
    const order = new Map(names.map((name, index) => [join(root, name), index]));
    await pruneOlder(join(root, names[0] ?? ''), 2, async (path) => order.get(path) ?? 0);
    expect((await readdir(root)).sort()).toEqual(['logs', names[0], names[3], `nss-${'1'.repeat(16)}`]);
  });
});
