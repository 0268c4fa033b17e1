import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScenario } from '../support/scenario.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('processes that share a file never take the same value twice', async () => {
  const path = join(await temporaryDirectory(), 'store.db');
  const module = new URL('./process-child.ts', import.meta.url);
  const children = [1, 2, 3].map((number) => runScenario<string[]>(module, { path, number }));
  const taken = (await Promise.all(children)).flat();
  expect(taken.length).toBeGreaterThan(0);
  expect(new Set(taken).size).toBe(taken.length);
});
