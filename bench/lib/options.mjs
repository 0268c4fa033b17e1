/** The command line of the benchmarks. */
import { parseArgs } from 'node:util';

export const usage = `Usage: npm run bench -- [option …]

  --only ID[,ID …]  only these workloads (--list shows them)
  --runs N          runs of each contender, interleaved; default 5
  --quick           1 run on small sizes: shows that everything works, measures nothing
  --json FILE       also writes all figures to FILE
  --list            lists the workloads and ends
  --help            this text
`;

const DEFAULT_RUNS = 5;

/**
 * @typedef {object} Options
 * @property {readonly string[] | undefined} only ids of workloads
 * @property {number} runs
 * @property {boolean} quick
 * @property {string | undefined} json
 * @property {boolean} list
 * @property {boolean} help
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {Error} for an option that is not known or has a wrong value
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, runs, quick, json, list, help } = values;
  const count = runs === undefined ? (quick ? 1 : DEFAULT_RUNS) : Number(runs);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--runs: must be a whole number from 1, not ${runs}`);
  return { only: only?.split(','), runs: count, quick, json, list, help };
}
