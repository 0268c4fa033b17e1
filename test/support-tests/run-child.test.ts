import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runModule, runProgram } from '../support/run-child.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'necko-http3-test-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function script(name: string, source: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, source);
  return path;
}

describe('runModule', () => {
  test('collects output, arguments, input and the exit code', async () => {
    const path = await script(
      'echo.mjs',
      `process.stdin.on('data', (text) => process.stdout.write(text));
       console.error(process.argv.slice(2).join(), process.env.GREETING, process.execArgv.join());
       process.exitCode = 3;`,
    );
    const outcome = await runModule(path, {
      args: ['a', 'b'],
      nodeArgs: ['--expose-gc'],
      env: { GREETING: 'hello' },
      input: 'from stdin',
    });
    expect(outcome).toEqual({ exitCode: 3, signal: null, stdout: 'from stdin', stderr: 'a,b hello --expose-gc\n' });
  });

  test('runs TypeScript', async () => {
    const path = await script('typed.ts', 'const answer: number = 42; console.log(answer);');
    expect(await runModule(path)).toMatchObject({ exitCode: 0, stdout: '42\n' });
  });

  test('tells a signal from an exit', async () => {
    const path = await script('signal.mjs', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`);
    expect(await runModule(path)).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  test('a child that hangs fails the run, with what it wrote', async () => {
    const path = await script('hang.mjs', `console.log('here I am'); setInterval(() => {}, 1000);`);
    await expect(runModule(path, { deadlineMs: 500 })).rejects.toThrow(/did not end within 500 ms\nhere I am/);
  });
});

test('programs that a hanging child started do not keep the run from failing', async () => {
  await expect(runProgram('/bin/sh', ['-c', 'sleep 4 & sleep 60'], { deadlineMs: 300 })).rejects.toThrow(
    /did not end within 300 ms/,
  );
});

test('runProgram rejects for a program that is not there', async () => {
  await expect(runProgram(join(directory, 'nowhere'), [])).rejects.toMatchObject({ code: 'ENOENT' });
});
