/** One response of 200 MiB from Caddy: this project against other clients for Node. */
import { startCaddyServer } from '../lib/caddy-server.mjs';
import { cpuPerGibibyte, throughput } from '../lib/figures.mjs';
import { oursOver } from '../lib/goals.mjs';

const BYTES = 200 * 2 ** 20;
const QUICK_BYTES = 20 * 2 ** 20;

/**
 * @param {boolean} quick
 * @returns {import('../lib/workload.mjs').Workload}
 */
export function downloadOfPeers(quick) {
  const bytes = quick ? QUICK_BYTES : BYTES;
  return {
    id: 'download',
    title: `Download of ${bytes / 2 ** 20} MiB`,
    server: 'Caddy',
    startServer: startCaddyServer,
    file: [`${bytes}`, bytes],
    job: { requests: 1, concurrency: 1, fresh: false },
    contenders: ['ours', 'currentspace', 'requestOverH2'],
    figure: throughput,
    cpu: cpuPerGibibyte,
    goals: [
      {
        text: 'at least level with @currentspace/http3',
        value: (summaries) => oursOver(summaries, 'currentspace'),
        atLeast: 1,
      },
    ],
  };
}
