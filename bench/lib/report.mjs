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
 * @param {import('./workload.mjs').Workload} workload
 * @param {readonly { label: string, summary: import('./summary.mjs').ContenderSummary }[]} contenders ours first
 * @param {readonly { text: string, value: number, reached: boolean }[]} goals
 * @returns {string}
 */
export function formatReport({ id, title, server, figure, cpu }, contenders, goals) {
  const ours = contenders[0]?.summary;
  const head = ['', figure.unit, 'min–max', 'ours is', cpu.unit, 'min–max', 'client core', 'server core'];
  const rows = contenders.map(({ label, summary }) => [
    label,
    formatNumber(summary.figure.median),
    range(summary.figure),
    ours === undefined || ours === summary ? '' : `${formatNumber(ours.figure.median / summary.figure.median)} ×`,
    formatNumber(summary.cpu.median),
    range(summary.cpu),
    percent(summary.clientBusy),
    percent(summary.serverBusy),
  ]);
  const judged = goals.map(
    ({ text, value, reached }) => `  ${reached ? 'reached    ' : 'NOT reached'}  ${formatNumber(value)}  ${text}\n`,
  );
  const sense = figure.lessIsBetter ? ' (less is better)' : '';
  return `${id}: ${title}, from ${server}${sense}\n${formatTable(head, rows)}${judged.join('')}\n`;
}
