import { expect, test } from 'vitest';
import { formatReport } from '../../bench/lib/report.mjs';
import { summarise } from '../../bench/lib/statistics.mjs';
import { fetchWorkloads } from '../../bench/workloads/fetch.mjs';
import { impairedDownloads } from '../../bench/workloads/impaired-downloads.mjs';

const summary = (figure: number, extra?: number) => ({
  figure: summarise([figure]),
  cpu: summarise([1]),
  extras: extra === undefined ? [] : [summarise([extra])],
  clientBusy: 1,
  serverBusy: 1,
});
const lineOf = (report: string, label: string) => report.split('\n').find((line) => line.startsWith(label)) ?? '';

test('a line is compared with its counterpart of ours, and otherwise with the first', () => {
  const [workload] = fetchWorkloads(true);
  if (workload === undefined) throw new Error('no workload');
  const report = formatReport(
    workload,
    [
      { id: 'ourRequest', label: 'request', summary: summary(900) },
      { id: 'currentspace', label: 'streams', summary: summary(300) },
      { id: 'ourFetch', label: 'ours', summary: summary(600) },
      { id: 'impit', label: 'theirs', summary: summary(300) },
    ],
    [],
  );
  expect(lineOf(report, 'streams')).toContain('3.00 ×');
  expect(lineOf(report, 'theirs')).toContain('2.00 ×');
  expect(lineOf(report, 'request')).not.toContain('×');
  expect(lineOf(report, 'ours')).not.toContain('×');
});

test('an extra figure has columns of its own', () => {
  const row = { id: 'ourRequest', label: 'request', summary: summary(900, 450) } as const;
  const report = formatReport(impairedDownloads(true), [row], []);
  expect(report).toContain('ms, median request');
  expect(lineOf(report, 'request')).toContain('450');
});
