/** Runs the examples of docs/stores.md as they stand there, against a Redis server of their own. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis.js';
import { runProgram } from '../support/run-child.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = /<!-- store example: ([\w-]+) -->\n```js\n([\s\S]*?)```/g;
const page = await readFile(join(root, 'docs/stores.md'), 'utf8');
const examples = [...page.matchAll(EXAMPLE)].map(([, name = '', code = '']) => ({ name, code }));

test('the page has its examples', () => {
  expect(examples.map(({ name }) => name)).toEqual(['sqlite', 'redis']);
});

test.each(examples)('$name does what it says', async ({ name, code }) => {
  // Inside the checkout, so that the package's own name leads to its build.
  const directory = join(root, 'build', `stores-examples-${process.pid}`);
  await mkdir(directory, { recursive: true });
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const file = join(directory, `${name}.mjs`);
  await writeFile(file, code.replace('redis://127.0.0.1:6379', redis.url));
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [file], { cwd: directory });
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'value\n', stderr: '' });
});
