import { expect, test } from 'vitest';
import { Paced } from '../../../src/webtransport/paced.js';

/** Gathers its own count. */
function counting(): { readonly paced: Paced<number>; readonly count: () => number } {
  let count = 0;
  return { paced: new Paced(async () => ++count), count: () => count };
}

test('those who ask at the same time share one answer', async () => {
  const { paced, count } = counting();
  expect(await Promise.all([paced.next(), paced.next(), paced.next()])).toEqual([1, 1, 1]);
  expect(count()).toBe(1);
});

test('who asks once it has been gathered gets a new one', async () => {
  const { paced } = counting();
  expect([await paced.next(), await paced.next(), await paced.next()]).toEqual([1, 2, 3]);
});

test('a failure is that of those who asked, and not of the next', async () => {
  let failing = true;
  const paced = new Paced(async () => {
    if (failing) throw new Error('over');
    return 'answer';
  });
  await expect(paced.next()).rejects.toThrow('over');
  failing = false;
  expect(await paced.next()).toBe('answer');
});
