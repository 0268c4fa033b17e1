/** Many responses of 1 KiB from Caddy on one connection. */
import { startCaddyServer } from '../lib/caddy-server.mjs';
import { cpuPerRequest, requestRate } from '../lib/figures.mjs';
import { median } from '../lib/goals.mjs';

const BYTES = 1024;
const QUICK_DIVISOR = 20;

/** Requests a second that `@currentspace/http3` reached with a retry loop, and one in flight, before this project began. */
const PARALLEL_GOAL = 3900;
const SEQUENTIAL_GOAL = 1900;

/**
 * @param {string} id
 * @param {number} requests
 * @param {number} concurrency
 * @param {number} goal requests a second
 * @returns {import('../lib/workload.mjs').Workload}
 */
const smallRequests = (id, requests, concurrency, goal) => ({
  id,
  title: `${requests.toLocaleString('en')} requests for 1 KiB, ${concurrency} in flight`,
  server: 'Caddy',
  startServer: startCaddyServer,
  file: [`${BYTES}`, BYTES],
  job: { requests, concurrency, fresh: false },
  contenders: ['ours', 'native', 'currentspace', 'requestOverH2'],
  figure: requestRate,
  cpu: cpuPerRequest,
  goals: [
    {
      text: `above ${goal.toLocaleString('en')} requests/s, and no request failed`,
      value: (summaries) => median(summaries, 'ours'),
      atLeast: goal,
    },
  ],
});

/** @param {boolean} quick */
export const smallRequestWorkloads = (quick) => [
  smallRequests('parallel', quick ? 30_000 / QUICK_DIVISOR : 30_000, 100, PARALLEL_GOAL),
  smallRequests('sequential', quick ? 5000 / QUICK_DIVISOR : 5000, 1, SEQUENTIAL_GOAL),
];
