/** The results of the matrix as a table, and what failed below it. */

/** @typedef {import('./cell.mjs').CellResult} CellResult */
/** @typedef {{ node: string, undici: string, result: CellResult }} Column versions and results */

/**
 * @param {readonly Column[]} columns
 * @returns {string}
 */
export function formatTable(columns) {
  /** The first of those that differ only in where they were thrown, by the rest. @type {Map<string, string>} */
  const notes = new Map();
  /** @param {string} note @returns {string} its number */
  const numbered = (note) => {
    const key = withoutFrames(note);
    if (!notes.has(key)) notes.set(key, note);
    return `[${[...notes.keys()].indexOf(key) + 1}]`;
  };
  const checks = [...new Set(columns.flatMap(({ result }) => [...result.outcomes.keys()]))];
  const cellOf = (/** @type {string} */ check, /** @type {CellResult} */ { unloadable, outcomes }) => {
    if (unloadable !== undefined) return `does not load ${numbered(unloadable)}`;
    const failure = outcomes.get(check);
    if (failure !== undefined) return `FAILED ${numbered(failure)}`;
    return outcomes.has(check) ? 'ok' : 'not run';
  };
  const rows = [
    ['', ...columns.map(({ node }) => `Node ${node}`)],
    ['', ...columns.map(({ undici }) => `undici ${undici}`)],
    ...checks.map((check) => [check, ...columns.map(({ result }) => cellOf(check, result))]),
  ];
  const widths = rows.reduce(
    (widest, row) => row.map((text, index) => Math.max(text.length, widest[index] ?? 0)),
    /** @type {number[]} */ ([]),
  );
  const lines = rows.map((row) =>
    row
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(2, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return [...lines, ...[...notes.values()].map((note, index) => `\n[${index + 1}] ${note}`)].join('\n');
}

/** Paths and lines of the same error are not the same in each version. @param {string} note */
const withoutFrames = (note) =>
  note
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('    at '))
    .join('\n');

/** @param {readonly Column[]} columns @returns {number} checks that failed */
export const failures = (columns) =>
  columns.flatMap(({ result }) => [...result.outcomes.values()]).filter((failure) => failure !== undefined).length;
