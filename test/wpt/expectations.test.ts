import { expect, test } from 'vitest';
import { compare, type Deviation, readDeviations } from '../../scripts/wpt/expectations.js';
import { brokenOff, type FileResult, type SubtestStatus } from '../../scripts/wpt/results.js';
import { formatTable, percentage } from '../../scripts/wpt/table.js';

const FILE = 'some.https.any.js';

function result(statuses: Readonly<Record<string, SubtestStatus>>): FileResult {
  const subtests = Object.entries(statuses).map(([name, status]) => ({ name, status, message: undefined }));
  return { file: FILE, harness: 'OK', harnessMessage: undefined, subtests };
}

function deviation(subtests: string[], more: Partial<Deviation> = {}): Deviation {
  return { file: FILE, subtests, status: 'FAIL', reason: 'because', ...more };
}

test('all pass: no problem', () => {
  expect(compare([result({ a: 'PASS', b: 'PASS' })], [], [])).toEqual({ problems: [], behindChromium: [] });
});

test('a failure that is not expected is a problem', () => {
  expect(compare([result({ a: 'PASS', b: 'FAIL' })], [], []).problems).toEqual([`${FILE}: b: FAIL, expected PASS`]);
});

test('an expected failure is none, and a problem when it passes or fails otherwise', () => {
  const known = [deviation(['b'])];
  expect(compare([result({ b: 'FAIL' })], [], known).problems).toEqual([]);
  expect(compare([result({ b: 'PASS' })], [], known).problems).toEqual([`${FILE}: b: PASS, expected FAIL`]);
  expect(compare([result({ b: 'TIMEOUT' })], [], known).problems).toEqual([`${FILE}: b: TIMEOUT, expected FAIL`]);
});

test('an expected failure of a subtest that is not there is a problem', () => {
  const { problems } = compare([result({ a: 'PASS' })], [], [deviation(['gone'])]);
  expect(problems).toEqual([`${FILE}: gone: it is expected to fail, and does not exist`]);
});

test('expectations of files that did not run are left alone', () => {
  expect(compare([result({ a: 'PASS' })], [], [deviation(['a'], { file: 'other' })]).problems).toEqual([]);
});

test('a file that broke off or has no results is a problem', () => {
  const { problems } = compare([brokenOff(FILE, 'it crashed')], [], []);
  expect(problems).toEqual([`${FILE}: CRASH: it crashed`, `${FILE}: no subtest has a result`]);
});

test('what Chromium passes and Node is known not to is shown with its reason', () => {
  const chromium = [result({ a: 'PASS', b: 'PASS' })];
  const { problems, behindChromium } = compare([result({ a: 'FAIL', b: 'PASS' })], chromium, [deviation(['a'])]);
  expect(problems).toEqual([]);
  expect(behindChromium).toEqual([`${FILE}: a: FAIL: because`]);
});

test('a subtest that only Chromium came to is a problem', () => {
  const { problems } = compare([result({ a: 'PASS' })], [result({ a: 'PASS', b: 'PASS' })], []);
  expect(problems).toEqual([`${FILE}: b: it has a result in Chromium alone`]);
});

test('the table has a row a file and their sum', () => {
  const columns = [
    { host: 'Node', results: [result({ a: 'PASS', b: 'FAIL' })] },
    { host: 'Chromium', results: [brokenOff(FILE, 'it crashed')] },
  ];
  expect(formatTable([FILE], columns).split('\n')).toEqual([
    'file               Node    Chromium',
    `${FILE}  1 of 2  0 of 0 (CRASH)`,
    'all                1 of 2  0 of 0',
  ]);
});

test('subtests that need a page do not count in the percentage', () => {
  const results = [result({ a: 'PASS', b: 'FAIL', c: 'FAIL', d: 'PASS' })];
  expect(percentage(results, [])).toBe(50);
  expect(percentage(results, [deviation(['b']), deviation(['c'], { needsPage: true })])).toBeCloseTo(200 / 3);
  expect(percentage([], [])).toBe(0);
});

test('the committed expectations are well formed, and each subtest has one', async () => {
  const deviations = await readDeviations(new URL('expectations.json', import.meta.url));
  const names = deviations.flatMap(({ file, subtests }) => subtests.map((name) => `${file}: ${name}`));
  expect(new Set(names).size).toBe(names.length);
  for (const { file, status, reason } of deviations) {
    expect(file).toMatch(/[.]any[.]js$/);
    expect(['FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED']).toContain(status);
    expect(reason).not.toBe('');
  }
});
