/** A new connection for each request, one after the other, without resumption. */
import { startCaddyServer } from '../lib/caddy-server.mjs';
import { cpuPerRequest, timePerRequest } from '../lib/figures.mjs';
import { median, oursOver } from '../lib/goals.mjs';

const BYTES = 1024;
/** Milliseconds, or times the Rust example: either will do. */
const GOAL_MS = 7;
const GOAL_RATIO = 1.2;

/**
 * @param {boolean} quick
 * @returns {import('../lib/workload.mjs').Workload}
 */
export function newConnections(quick) {
  const requests = quick ? 20 : 300;
  return {
    id: 'connections',
    title: `${requests} new connections with one request for 1 KiB each`,
    server: 'Caddy',
    startServer: startCaddyServer,
    file: [`${BYTES}`, BYTES],
    job: { requests, concurrency: 1, fresh: true },
    contenders: ['ours', 'native', 'currentspace', 'requestOverH2'],
    figure: timePerRequest,
    cpu: cpuPerRequest,
    goals: [
      {
        text: `at most ${GOAL_MS} ms, or ${GOAL_RATIO} times the Rust example (as a part of the more lenient of the two)`,
        value: (summaries) => Math.min(median(summaries, 'ours') / GOAL_MS, oursOver(summaries, 'native') / GOAL_RATIO),
        atMost: 1,
      },
    ],
  };
}
