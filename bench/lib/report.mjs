/** What a workload's runs come to, as text. */
import { formatNumber, formatTable } from './table.mjs';

/** @param {number} part @returns {string} */
const percent = (part) => (Number.isFinite(part) ? `${Math.round(part * 100)} %` : '-');

/**
 * @param {import('./statistics.mjs').Summary} summary
 * @returns {string}
 */
const range = ({ min, max }) => `${formatNumber(min)}–${formatNumber(max)}`;

/**
 * @typedef {object} Row
 * @property {import('./contenders.mjs').ContenderId} id
 * @property {string} label
 * @property {import('./summary.mjs').ContenderSummary} summary
 */

/**
 * @param {import('./workload.mjs').Workload} workload
 * @param {readonly Row[]} contenders ours first
 * @param {readonly { text: string, value: number, reached: boolean }[]} goals
 * @param {readonly string[]} [absent] who could not be measured, and why
 * @returns {string}
 */
export function formatReport(
  { id, title, server, figure, cpu, extras = [], counterparts = {} },
  contenders,
  goals,
  absent = [],
) {
  const oursIs = (/** @type {Row} */ other) => {
    const ours = contenders.find((row) => row.id === counterparts[other.id]) ?? contenders[0];
    return ours === undefined || ours === other
      ? ''
      : `${formatNumber(ours.summary.figure.median / other.summary.figure.median)} ×`;
  };
  const head = ['', figure.unit, 'min–max', 'ours is', cpu.unit, 'min–max', 'client core', 'server core'];
  for (const { unit } of extras) head.push(unit, 'min–max');
  const rows = contenders.map((row) => {
    const { label, summary } = row;
    return [
      label,
      formatNumber(summary.figure.median),
      range(summary.figure),
      oursIs(row),
      formatNumber(summary.cpu.median),
      range(summary.cpu),
      percent(summary.clientBusy),
      percent(summary.serverBusy),
      ...summary.extras.flatMap((extra) => [formatNumber(extra.median), range(extra)]),
    ];
  });
  const judged = goals.map(
    ({ text, value, reached }) => `  ${reached ? 'reached    ' : 'NOT reached'}  ${formatNumber(value)}  ${text}\n`,
  );
  const sense = figure.lessIsBetter ? ' (less is better)' : '';
  return `${id}: ${title}, from ${server}${sense}\n${formatTable(head, rows)}${absent.map((line) => `${line}\n`).join('')}${judged.join('')}\n`;
}
