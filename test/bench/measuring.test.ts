import { expect, test } from 'vitest';
import { judge } from '../../bench/lib/goals.mjs';
import { interleave } from '../../bench/lib/interleave.mjs';
import { parseOptions } from '../../bench/lib/options.mjs';
import { summarise } from '../../bench/lib/statistics.mjs';
import { formatNumber, formatTable } from '../../bench/lib/table.mjs';

test('a summary has the middle run, or the mean of the two in the middle', () => {
  expect(summarise([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
  expect(summarise([10, 2, 4, 100])).toEqual({ median: 7, min: 2, max: 100 });
  expect(summarise([3])).toEqual({ median: 3, min: 3, max: 3 });
});

test('everybody runs once in each round, and another one begins each', () => {
  expect([...interleave(['a', 'b', 'c'], 4)].join('')).toBe('abcbcacababc');
});

test('a goal that could not be measured is not reached', () => {
  const goal = { text: 'fast', value: () => Number.NaN, atLeast: 1 };
  expect(judge(goal, {})).toMatchObject({ reached: false });
  expect(judge({ ...goal, value: () => 1 }, {})).toMatchObject({ reached: true });
  expect(judge({ text: 'short', value: () => 1.1, atMost: 1 }, {})).toMatchObject({ reached: false });
});

test('options have defaults, and wrong ones are refused', () => {
  expect(parseOptions([])).toMatchObject({ runs: 5, quick: false, only: undefined, json: undefined });
  expect(parseOptions(['--quick', '--only', 'a,b'])).toMatchObject({ runs: 1, quick: true, only: ['a', 'b'] });
  expect(() => parseOptions(['--runs', '0'])).toThrow('--runs');
  expect(() => parseOptions(['--fast'])).toThrow('--fast');
});

test('tables align names to the left and figures to the right', () => {
  expect(
    formatTable(
      ['', 'ms'],
      [
        ['ours', '1'],
        ['theirs', '10.5'],
      ],
    ),
  ).toBe('          ms\n------  ----\nours       1\ntheirs  10.5\n');
  expect([0.123, 12.34, 1234.5, Number.NaN].map(formatNumber)).toEqual(['0.12', '12.3', '1,235', '-']);
});
