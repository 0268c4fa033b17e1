/** The results as a table by file. */
import type { Deviation } from './expectations.js';
import { countPassed, type FileResult } from './results.js';

/** One column of results: a host, and what the files gave there. */
export interface Column {
  readonly host: string;
  readonly results: readonly FileResult[];
}

/** Of how many: what the hosts gave results for. They run the same subtests unless a file breaks off. */
function sizeOf(file: string, columns: readonly Column[]): number {
  return Math.max(0, ...columns.map(({ results }) => results.find((one) => one.file === file)?.subtests.length ?? 0));
}

function cell(result: FileResult | undefined): string {
  if (result === undefined) return '-';
  const passed = String(countPassed(result));
  return result.harness === 'OK' ? passed : `${passed} (${result.harness})`;
}

function sum(numbers: readonly number[]): string {
  return String(numbers.reduce((total, number) => total + number, 0));
}

/**
 * Subtests by file: how many there are, and how many pass in each host.
 * @param files names, in the table's order
 */
export function formatTable(files: readonly string[], columns: readonly Column[]): string {
  const rows = [
    ['file', 'subtests', ...columns.map(({ host }) => host)],
    ...files.map((file) => [
      file,
      String(sizeOf(file, columns)),
      ...columns.map(({ results }) => cell(results.find((one) => one.file === file))),
    ]),
    [
      'all',
      sum(files.map((file) => sizeOf(file, columns))),
      ...columns.map(({ results }) => sum(results.map(countPassed))),
    ],
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

/** How many of the subtests that do not need a browser's page pass. */
export function share(
  results: readonly FileResult[],
  deviations: readonly Deviation[],
): { readonly passed: number; readonly of: number } {
  const needPage = new Set(
    deviations
      .filter(({ needsPage }) => needsPage === true)
      .flatMap(({ file, subtests }) => subtests.map((name) => `${file}\0${name}`)),
  );
  const counted = results.flatMap(({ file, subtests }) =>
    subtests.filter(({ name }) => !needPage.has(`${file}\0${name}`)),
  );
  return { passed: counted.filter(({ status }) => status === 'PASS').length, of: counted.length };
}
