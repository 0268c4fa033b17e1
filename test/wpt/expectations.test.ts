import { expect, test } from 'vitest';
import { compare, type Deviation, readDeviations } from '../../scripts/wpt/expectations.js';
import { brokenOff, type FileResult, type SubtestStatus } from '../../scripts/wpt/results.js';
import { formatTable, share } from '../../scripts/wpt/table.js';

const FILE = 'some.https.any.js';

function result(statuses: Readonly<Record<string, SubtestStatus>>): FileResult {
  const subtests = Object.entries(statuses).map(([name, status]) => ({ name, status, message: undefined }));
  return { file: FILE, harness: 'OK', harnessMessage: undefined, subtests };
}

function deviation(subtests: string[], more: Partial<Deviation> = {}): Deviation {
  return { file: FILE, subtests, status: 'FAIL', reason: 'because', ...more };
}

test('all pass: no problem', () => {
  expect(compare([result({ a: 'PASS', b: 'PASS' })], [], [])).toEqual({ problems: [], known: [] });
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
  expect(problems).toEqual([`${FILE} in Node: CRASH: it crashed`]);
  expect(compare([result({})], [], []).problems).toEqual([`${FILE} in Node: no subtest has a result`]);
});

test('so is one in Chromium, whatever its subtests give there', () => {
  const node = [result({ a: 'PASS' })];
  expect(compare(node, [result({ a: 'FAIL' })], []).problems).toEqual([]);
  expect(compare(node, [brokenOff(FILE, 'stuck')], []).problems).toEqual([`${FILE} in Chromium: CRASH: stuck`]);
});

test('a known deviation comes with what Chromium makes of it', () => {
  const chromium = [result({ a: 'PASS', b: 'PASS', c: 'FAIL' })];
  const expected = deviation(['a', 'c', 'd']);
  const { problems, known } = compare([result({ a: 'FAIL', b: 'PASS', c: 'FAIL', d: 'PASS' })], chromium, [expected]);
  expect(problems).toEqual([`${FILE}: d: PASS, expected FAIL`]);
  const subtests = [
    { name: 'a', passesInChromium: true },
    { name: 'c', passesInChromium: false },
  ];
  expect(known).toEqual([{ ...expected, subtests }]);
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
  expect(formatTable([FILE, 'other'], columns).split('\n')).toEqual([
    'file               subtests  Node   Chromium',
    `${FILE}         2     1  0 (CRASH)`,
    'other                     0     -          -',
    'all                       2     1          0',
  ]);
});

test('subtests that need a page do not count in the share', () => {
  const results = [result({ a: 'PASS', b: 'FAIL', c: 'FAIL', d: 'PASS' })];
  expect(share(results, [])).toEqual({ passed: 2, of: 4 });
  expect(share(results, [deviation(['b']), deviation(['c'], { needsPage: true })])).toEqual({ passed: 2, of: 3 });
  expect(share([], [])).toEqual({ passed: 0, of: 0 });
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
