import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandError, run } from '../../scripts/lib/run.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('run', () => {
  it('returns the output, hands on each line, and logs command and output', async () => {
    const log = join(await temporaryDirectory(), 'step.log');
    const lines: string[] = [];
    const output = await run('sh', ['-c', 'echo one; echo two >&2; printf three'], {
      log,
      onLine: (line) => lines.push(line),
    });
    expect(output).toBe('one\nthree');
    expect(lines.sort()).toEqual(['one', 'three', 'two']);
    expect(await readFile(log, 'utf8')).toContain('$ sh -c echo one');
  });

  it('fails with the outcome and the last lines', async () => {
    const log = join(await temporaryDirectory(), 'step.log');
    const failing = run('sh', ['-c', 'seq 100; echo broken >&2; exit 3'], { log });
    await expect(failing).rejects.toThrow(CommandError);
    await expect(failing).rejects.toThrow('exited with code 3');
    await expect(failing).rejects.toThrow(/^ {2}\| 100$/m);
    await expect(failing).rejects.not.toThrow(/\| 50$/m);
  });

  it('says when a command is not there', async () => {
    const log = join(await temporaryDirectory(), 'step.log');
    await expect(run('no-such-command', [], { log })).rejects.toThrow(/could not be started \(.*ENOENT/);
  });

  it('ends a command, and what that started, when it is aborted', async () => {
    const log = join(await temporaryDirectory(), 'step.log');
    const controller = new AbortController();
    const running = run('sh', ['-c', 'sleep 1000 & echo $!; wait'], {
      log,
      signal: controller.signal,
      onLine: () => controller.abort(),
    });
    await expect(running).rejects.toThrow('was ended by SIGTERM');
    const pid = Number((await readFile(log, 'utf8')).split('\n')[1]);
    await expect.poll(() => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('');
  });
});
