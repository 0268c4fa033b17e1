/** What a run says at its end, and whether it went as expected. */
import { type Comparison, compare, type Deviation } from './expectations.js';
import type { FileResult } from './results.js';
import { type Column, formatTable, share } from './table.js';

/** A host in which the files ran. */
export interface HostRun {
  /** With its version, such as `Node 24.1.0`. */
  readonly name: string;
  readonly results: readonly FileResult[];
}

export interface SuiteRun {
  /** Names of the files, in order. */
  readonly files: readonly string[];
  /** undefined: they did not run there. */
  readonly node: HostRun | undefined;
  readonly chromium: HostRun | undefined;
  /** What handlers of the server threw: they are ours, and no test makes them. */
  readonly faults: readonly string[];
  readonly deviations: readonly Deviation[];
  /** Files of the suite that only a page can run. */
  readonly pageTests: readonly string[];
}

export interface Report {
  readonly text: string;
  readonly asExpected: boolean;
}

export function report({ files, node, chromium, faults, deviations, pageTests }: SuiteRun): Report {
  const columns: Column[] = [node, chromium].flatMap((run) =>
    run === undefined ? [] : { host: run.name, results: run.results },
  );
  const parts = [formatTable(files, columns)];
  const { problems, known } = compare(node?.results ?? [], chromium?.results ?? [], deviations);
  if (node !== undefined) {
    const { passed, of } = share(node.results, deviations);
    const percent = of === 0 ? 0 : (100 * passed) / of;
    parts.push(`In Node ${passed} of the ${of} subtests that need no page pass: ${percent.toFixed(1)} %.`);
    if (known.length > 0) parts.push(`Known to deviate in Node:\n${known.map(formatKnown).join('\n')}`);
    parts.push(list('Not run, since only a page in a browser can run them:', pageTests));
  }
  const all = [...faults.map((fault) => `the server: ${fault}`), ...problems];
  parts.push(all.length === 0 ? 'Everything is as expected.' : list('Not as expected:', all));
  return { text: parts.join('\n\n'), asExpected: all.length === 0 };
}

function formatKnown({ file, status, reason, subtests }: Comparison['known'][number]): string {
  const names = subtests.map(({ name, passesInChromium }) => `${name}${passesInChromium ? ' (Chromium passes)' : ''}`);
  return [`  ${file}: ${reason}`, ...names.map((name) => `    ${status}  ${name}`)].join('\n');
}

function list(title: string, items: readonly string[]): string {
  return [title, ...items].join('\n  ');
}
