import { expect, test } from 'vitest';
import { report, type SuiteRun } from '../../scripts/wpt/report.js';
import type { FileResult, SubtestStatus } from '../../scripts/wpt/results.js';

const FILE = 'some.https.any.js';

function host(name: string, statuses: Readonly<Record<string, SubtestStatus>>) {
  const subtests = Object.entries(statuses).map(([subtest, status]) => ({ name: subtest, status, message: undefined }));
  const result: FileResult = { file: FILE, harness: 'OK', harnessMessage: undefined, subtests };
  return { name, results: [result] };
}

const RUN: SuiteRun = {
  files: [FILE],
  node: host('Node 20', { a: 'PASS', b: 'FAIL' }),
  chromium: host('Chromium 150', { a: 'PASS', b: 'PASS' }),
  faults: [],
  deviations: [{ file: FILE, subtests: ['b'], status: 'FAIL', reason: 'because' }],
  pageTests: ['page.html'],
};

test('a run as expected: the table, the share, each deviation with its reason', () => {
  expect(report(RUN)).toEqual({
    asExpected: true,
    text: [
      'file               subtests  Node 20  Chromium 150',
      `${FILE}         2        1             2`,
      'all                       2        1             2',
      '',
      'In Node 1 of the 2 subtests that need no page pass: 50.0 %.',
      '',
      'Known to deviate in Node:',
      `  ${FILE}: because`,
      '    FAIL  b (Chromium passes)',
      '',
      'Not run, since only a page in a browser can run them:',
      '  page.html',
      '',
      'Everything is as expected.',
    ].join('\n'),
  });
});

test('a failure that nobody expects, and a fault of a handler, end the run badly', () => {
  const failed = report({ ...RUN, deviations: [] });
  expect(failed.asExpected).toBe(false);
  expect(failed.text).toContain(`Not as expected:\n  ${FILE}: b: FAIL, expected PASS`);
  const faulty = report({ ...RUN, faults: ['echo.py: it threw'] });
  expect(faulty.asExpected).toBe(false);
  expect(faulty.text).toContain('Not as expected:\n  the server: echo.py: it threw');
});

test('without Chromium nothing is compared with it', () => {
  const { text, asExpected } = report({ ...RUN, chromium: undefined });
  expect(asExpected).toBe(true);
  expect(text).not.toContain('Chromium');
});

test('Chromium alone is a table, and is judged by no expectation', () => {
  const { text, asExpected } = report({ ...RUN, node: undefined });
  expect(asExpected).toBe(true);
  expect(text).toContain('Chromium 150');
  expect(text).not.toContain('Node');
});
