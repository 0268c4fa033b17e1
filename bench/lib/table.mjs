/** Text tables. */

/**
 * Aligns columns: the first to the left, all others to the right.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows as many cells as the head
 * @returns {string} lines, each ended
 */
export function formatTable(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row) =>
    widths
      .map((width, column) => (column === 0 ? (row[0] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(head), rule, ...rows.map(line), ''].join('\n');
}

/**
 * @param {number} value
 * @returns {string} with three significant digits or more, thousands separated
 */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
