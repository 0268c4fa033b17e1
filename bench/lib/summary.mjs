/** What the runs of one contender come to. */
import { summarise } from './statistics.mjs';

/**
 * @typedef {object} ContenderSummary
 * @property {import('./statistics.mjs').Summary} figure in the workload's unit
 * @property {import('./statistics.mjs').Summary} cpu processor time, in the unit of the workload's `cpu`
 * @property {readonly import('./statistics.mjs').Summary[]} extras in the units of the workload's `extras`
 * @property {number} clientBusy part of one core that the client used, median
 * @property {number} serverBusy part of one core that the server used, median
 */

/**
 * @param {import('./workload.mjs').Workload} workload
 * @param {readonly import('./run-client.mjs').Measurement[]} runs of one contender, at least one
 * @returns {ContenderSummary}
 */
export function summariseRuns({ figure, cpu, extras = [] }, runs) {
  return {
    figure: summarise(runs.map(figure.of)),
    cpu: summarise(runs.map(cpu.of)),
    extras: extras.map((extra) => summarise(runs.map(extra.of))),
    clientBusy: summarise(runs.map((run) => run.cpuSeconds / run.seconds)).median,
    serverBusy: summarise(runs.map((run) => run.serverCpuSeconds / run.seconds)).median,
  };
}
