/** `fetch` and undici's `request` over HTTP/3, beside the same over TCP and beside other packages, all from Caddy. */
import { startCaddyServer } from '../lib/caddy-server.mjs';
import { cpuPerGibibyte, cpuPerRequest, requestRate, throughput } from '../lib/figures.mjs';
import { oneOver } from '../lib/goals.mjs';

/** @typedef {import('../lib/contenders.mjs').ContenderId} ContenderId */
/** @typedef {import('../lib/workload.mjs').Goal} Goal */
/** @typedef {import('../lib/workload.mjs').Workload} Workload */

const SMALL = 1024;
const LARGE = 100 * 2 ** 20;
const QUICK_DIVISOR = 20;

/** @type {Pick<Workload, 'server' | 'startServer' | 'contenders' | 'counterparts'>} */
const SHARED = {
  server: 'Caddy',
  startServer: startCaddyServer,
  contenders: [
    'ourRequest',
    'requestOverH2',
    'requestOverH1',
    'currentspace',
    'ourFetch',
    'fetchOverH2',
    'fetchOverH1',
    'impit',
  ],
  counterparts: { ourFetch: 'ourFetch', fetchOverH2: 'ourFetch', fetchOverH1: 'ourFetch', impit: 'ourFetch' },
};

/** @param {ContenderId} ours @param {ContenderId} other @param {string} text @returns {Goal} */
const ahead = (ours, other, text) => ({
  text,
  value: (summaries) => oneOver(summaries, ours, other),
  atLeast: 1,
});

/** @type {readonly Goal[]} */
const AHEAD_OF_HTTP3 = [
  ahead('ourRequest', 'currentspace', 'request: ahead of @currentspace/http3'),
  ahead('ourFetch', 'currentspace', 'fetch: ahead of @currentspace/http3'),
  ahead('ourRequest', 'impit', 'request: ahead of impit'),
  ahead('ourFetch', 'impit', 'fetch: ahead of impit'),
];

/**
 * @param {string} id
 * @param {number} requests
 * @param {number} concurrency
 * @param {readonly Goal[]} goals
 * @returns {Workload}
 */
const smallFetches = (id, requests, concurrency, goals) => ({
  ...SHARED,
  id,
  title: `${requests.toLocaleString('en')} requests for 1 KiB, ${concurrency} in flight`,
  file: [`${SMALL}`, SMALL],
  job: { requests, concurrency, fresh: false },
  figure: requestRate,
  cpu: cpuPerRequest,
  goals: [...AHEAD_OF_HTTP3, ...goals],
});

/**
 * @param {boolean} quick
 * @returns {Workload[]}
 */
export function fetchWorkloads(quick) {
  const divisor = quick ? QUICK_DIVISOR : 1;
  const bytes = LARGE / divisor;
  const levelWithH2 = ahead('ourRequest', 'requestOverH2', 'request: at least level with undici over HTTP/2');
  return [
    smallFetches('fetch-parallel', 30_000 / divisor, 100, [levelWithH2]),
    smallFetches('fetch-sequential', 10_000 / divisor, 1, []),
    {
      ...SHARED,
      id: 'fetch-download',
      title: `Download of ${bytes / 2 ** 20} MiB`,
      file: [`${bytes}`, bytes],
      job: { requests: 1, concurrency: 1, fresh: false, streamed: true },
      figure: throughput,
      cpu: cpuPerGibibyte,
      goals: AHEAD_OF_HTTP3,
    },
  ];
}
