import { expect, test } from 'vitest';
import { isForWindows, isForWorkers, parseTest } from '../../scripts/wpt/test-files.js';

const parse = (...lines: string[]) => parseTest('/webtransport/some.https.any.js', lines.join('\n'));

test('scripts are relative to the test or to the root', () => {
  const { name, scripts } = parse(
    '// META: script=/common/utils.js',
    '// META: script=resources/helpers.sub.js',
    'x();',
  );
  expect(name).toBe('some.https.any.js');
  expect(scripts).toEqual(['/common/utils.js', '/webtransport/resources/helpers.sub.js']);
});

test('a test is short unless it says otherwise', () => {
  expect(parse('x();').isLong).toBe(false);
  expect(parse('// META: timeout=long', 'x();').isLong).toBe(true);
});

test('without a word about globals a test is for windows and for workers', () => {
  expect([isForWindows(parse('x();')), isForWorkers(parse('x();'))]).toEqual([true, true]);
});

test.each([
  ['window', true, false],
  ['window,worker', true, true],
  ['dedicatedworker', false, true],
  ['serviceworker', false, false],
])('globals %s', (globals, window, worker) => {
  const file = parse(`// META: global=${globals}`);
  expect([isForWindows(file), isForWorkers(file)]).toEqual([window, worker]);
});

test('other comments and empty lines may stand between the META comments, and nothing else', () => {
  const { scripts } = parse('// Copyright', '', '// META: script=/a.js', "'use strict';", '// META: script=/b.js');
  expect(scripts).toEqual(['/a.js']);
});
