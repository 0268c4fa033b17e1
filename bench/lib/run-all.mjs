/** A whole run: preparation, workloads one after the other, report. */
import { writeFile } from 'node:fs/promises';
import { cargoGoals, defaultGoals, setUp } from '../../scripts/lib/setup.mjs';
import { caddyVersion } from '../../test/support/caddy.js';
import { buildNativeExample } from '../../test/support/native-example.js';
import { WEBTRANSPORT_CONTENDERS } from '../webtransport/contenders.mjs';
import { allWorkloads } from '../workloads/index.mjs';
import { makeContenders } from './contenders.mjs';
import { goalsToJudge, judge } from './goals.mjs';
import { describeMachine, warnOfLoad } from './machine.mjs';
import { installPeerPackages } from './peer-packages.mjs';
import { bindToServerCore } from './pinning.mjs';
import { formatReport } from './report.mjs';
import { runWorkload } from './run-workload.mjs';
import { makeServerContenders } from './server-contenders.mjs';
import { makeSite } from './site.mjs';
import { summariseRuns } from './summary.mjs';

/** @typedef {import('./workload.mjs').Workload} Workload */

/** Shows what is running on a terminal, in a line that the next output takes away. */
const progress = (/** @type {string} */ line) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
};

/**
 * @param {import('./options.mjs').Options} options
 * @returns {Workload[]}
 * @throws {Error} for an id that there is not
 */
function chooseWorkloads({ only, quick }) {
  const workloads = allWorkloads(quick);
  const unknown = only?.find((id) => !workloads.some((workload) => workload.id === id));
  if (unknown !== undefined) throw new Error(`--only: there is no workload "${unknown}"`);
  return workloads.filter(({ id }) => only?.includes(id) ?? true);
}

/**
 * @param {Workload} workload
 * @param {import('./run-workload.mjs').Surroundings & { judged: boolean }} surroundings `judged`: goals are looked at
 */
async function measure(workload, surroundings) {
  const { measurements, absent } = await runWorkload(workload, surroundings);
  progress('');
  const entries = [...measurements].map(([id, runs]) => /** @type {const} */ ([id, summariseRuns(workload, runs)]));
  const summaries = Object.fromEntries(entries);
  const goals = surroundings.judged
    ? goalsToJudge(workload.goals, summaries).map((goal) => judge(goal, summaries))
    : [];
  const labelled = entries.map(([id, summary]) => ({ id, label: surroundings.contenders[id].label, summary }));
  process.stdout.write(formatReport(workload, labelled, goals, absent));
  const { id, title, server, job, figure, cpu } = workload;
  const runs = Object.fromEntries(measurements);
  return { id, title, server, job, unit: figure.unit, cpuUnit: cpu.unit, summaries, goals, runs, absent };
}

/**
 * @param {import('./options.mjs').Options} options
 * @throws {Error} if something cannot be prepared, or a server or a client fails
 */
export async function runAll(options) {
  const workloads = chooseWorkloads(options);
  await setUp({ goals: [...defaultGoals, ...cargoGoals], tools: ['rust', 'caddy'] });
  const contenders = {
    ...makeContenders(await buildNativeExample('download'), await installPeerPackages()),
    ...makeServerContenders(await buildNativeExample('load')),
    ...WEBTRANSPORT_CONTENDERS,
  };
  // After the builds, which may use all cores.
  const bound = await bindToServerCore();
  const machine = await describeMachine(bound, [`Caddy ${await caddyVersion()}`]);
  const warning = warnOfLoad();
  const method = `Medians of ${options.runs} interleaved runs; datagrams of a 1,500-byte path (no path MTU discovery)`;
  process.stdout.write(`${[machine, method, ...(warning === undefined ? [] : [warning])].join('\n')}\n\n`);
  const interrupt = new AbortController();
  const onSignal = (/** @type {NodeJS.Signals} */ name) => interrupt.abort(new Error(`stopped by ${name}`));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const site = await makeSite(
    Object.fromEntries(workloads.filter(({ isGenerated }) => !isGenerated).map(({ file }) => file)),
  );
  try {
    const { runs, quick } = options;
    const surroundings = { site, contenders, bound, runs, progress, signal: interrupt.signal, judged: !quick };
    const results = [];
    for (const workload of workloads) {
      const hindrance = await workload.hindrance?.();
      if (hindrance === undefined) results.push(await measure(workload, surroundings));
      else process.stdout.write(`${workload.id}: cannot run here: ${hindrance}\n\n`);
    }
    const report = { machine, method, warning, date: new Date().toISOString(), options, results };
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    interrupt.signal.throwIfAborted();
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await site.remove();
  }
}

/** Shows what can be run. */
export function listWorkloads() {
  for (const { id, title, server } of allWorkloads(false)) process.stdout.write(`${id}: ${title}, from ${server}\n`);
}
