import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock } from '../../scripts/lib/lock.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

const MODULE = new URL('../../scripts/lib/lock.mjs', import.meta.url).href;

/** Runs `body` in another process, with `acquireLock` and the lock's `path` in scope. */
function inOtherProcess(path: string, body: string): ChildProcess {
  const script = `
    const { acquireLock } = await import(${JSON.stringify(MODULE)});
    const path = ${JSON.stringify(path)};
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

const HOLD = `await acquireLock(path); process.stdout.write('held'); setInterval(() => {}, 1000);`;

async function untilOutput(child: ChildProcess): Promise<void> {
  if (child.stdout) await once(child.stdout, 'data');
}

describe('acquireLock', () => {
  it('lets one process in at a time', async () => {
    const root = await temporaryDirectory();
    const work = `
      const { appendFile } = await import('node:fs/promises');
      for (let round = 0; round < 5; round++) {
        const release = await acquireLock(path);
        await appendFile(path + '.log', 'in ');
        await new Promise((resolve) => setTimeout(resolve, 5));
        await appendFile(path + '.log', 'out ');
        await release();
      }`;
    const path = join(root, 'lock');
    const children = [1, 2, 3].map(() => inOtherProcess(path, work));
    await Promise.all(children.map((child) => once(child, 'close')));
    expect(await readFile(`${path}.log`, 'utf8')).toBe('in out '.repeat(15));
    expect(await readdir(root)).toEqual(['lock.log']);
  });

  it('lets one caller of the same process in at a time', async () => {
    const root = await temporaryDirectory();
    let inside = 0;
    const use = async (): Promise<number> => {
      const release = await acquireLock(join(root, 'lock'));
      const together = ++inside;
      await sleep(5);
      inside--;
      await release();
      return together;
    };
    expect(await Promise.all([use(), use(), use()])).toEqual([1, 1, 1]);
    expect(await readdir(root)).toEqual([]);
  });

  it('says who it waits for, and waits until then', async () => {
    const path = join(await temporaryDirectory(), 'lock');
    const holder = inOtherProcess(path, HOLD);
    await untilOutput(holder);
    const waitedFor: string[] = [];
    const release = await acquireLock(path, (pid) => {
      waitedFor.push(pid);
      holder.kill();
    });
    expect(waitedFor).toEqual([String(holder.pid)]);
    await release();
  });

  it('is taken over from an owner that was killed', async () => {
    const root = await temporaryDirectory();
    const path = join(root, 'lock');
    const holder = inOtherProcess(path, HOLD);
    await untilOutput(holder);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    const release = await acquireLock(path);
    await release();
    expect(await readdir(root)).toEqual([]);
  });

  it('is cleared of a waiter that was killed', async () => {
    const root = await temporaryDirectory();
    const path = join(root, 'lock');
    const release = await acquireLock(path);
    const waiter = inOtherProcess(path, `await acquireLock(path, () => process.stdout.write('waiting'));`);
    await untilOutput(waiter);
    waiter.kill('SIGKILL');
    await once(waiter, 'close');
    await release();
    expect(await readdir(root)).toHaveLength(1);
    await (await acquireLock(path))();
    expect(await readdir(root)).toEqual([]);
  });

  it('is taken over when its owner\u2019s process id belongs to another process now', async () => {
    const path = join(await temporaryDirectory(), 'lock');
    await mkdir(join(path, `${process.pid}-1`), { recursive: true });
    const release = await acquireLock(path);
    await release();
  });
});
