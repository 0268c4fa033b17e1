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
 * @returns {string}
 */
export function formatReport({ id, title, server, figure, cpu, extra, counterparts = {} }, contenders, goals) {
  const oursIs = (/** @type {Row} */ other) => {
    const ours = contenders.find((row) => row.id === counterparts[other.id]) ?? contenders[0];
    return ours === undefined || ours === other
      ? ''
      : `${formatNumber(ours.summary.figure.median / other.summary.figure.median)} ×`;
  };
  const head = ['', figure.unit, 'min–max', 'ours is', cpu.unit, 'min–max', 'client core', 'server core'];
  if (extra !== undefined) head.push(extra.unit, 'min–max');
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
      ...(summary.extra === undefined ? [] : [formatNumber(summary.extra.median), range(summary.extra)]),
    ];
  });
  const judged = goals.map(
    ({ text, value, reached }) => `  ${reached ? 'reached    ' : 'NOT reached'}  ${formatNumber(value)}  ${text}\n`,
  );
  const sense = figure.lessIsBetter ? ' (less is better)' : '';
  return `${id}: ${title}, from ${server}${sense}\n${formatTable(head, rows)}${judged.join('')}\n`;
}
