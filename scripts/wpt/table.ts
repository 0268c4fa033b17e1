/** The results as a table by file. */
import type { Deviation } from './expectations.js';
import { countPassed, type FileResult } from './results.js';

/** One column of results: a host, and what the files gave there. */
export interface Column {
  readonly host: string;
  readonly results: readonly FileResult[];
}

function cell(result: FileResult | undefined): string {
  if (result === undefined) return '-';
  const counts = `${countPassed(result)} of ${result.subtests.length}`;
  return result.harness === 'OK' ? counts : `${counts} (${result.harness})`;
}

function total(results: readonly FileResult[]): string {
  const all = results.reduce((sum, { subtests }) => sum + subtests.length, 0);
  const passed = results.reduce((sum, result) => sum + countPassed(result), 0);
  return `${passed} of ${all}`;
}

/** @param files names, in the table's order */
export function formatTable(files: readonly string[], columns: readonly Column[]): string {
  const rows = [
    ['file', ...columns.map(({ host }) => host)],
    ...files.map((file) => [file, ...columns.map(({ results }) => cell(results.find((one) => one.file === file)))]),
    ['all', ...columns.map(({ results }) => total(results))],
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Share of the subtests that do not need a browser's page, and pass. @returns percent */
export function percentage(results: readonly FileResult[], deviations: readonly Deviation[]): number {
  const needPage = new Set(
    deviations
      .filter(({ needsPage }) => needsPage === true)
      .flatMap(({ file, subtests }) => subtests.map((name) => `${file}\0${name}`)),
  );
  const counted = results.flatMap(({ file, subtests }) =>
    subtests.filter(({ name }) => !needPage.has(`${file}\0${name}`)),
  );
  const passed = counted.filter(({ status }) => status === 'PASS').length;
  return counted.length === 0 ? 0 : (100 * passed) / counted.length;
}
