/** Many downloads at once over a path with delay and loss: HTTP/3 beside HTTP/2, from the same server over the same path. */
import { cpuPerRequest, medianTime, totalTime } from '../lib/figures.mjs';
import { oneOver } from '../lib/goals.mjs';
import { startImpairedServer } from '../lib/impaired-server.mjs';
import { NetworkNamespace } from '../lib/network-namespace.mjs';

const BYTES = 100 * 1024;
const DOWNLOADS = 100;
const QUICK_DOWNLOADS = 10;
const ROUND_TRIP_MS = 50;
const LOSS = 0.01;

/**
 * @param {boolean} quick
 * @returns {import('../lib/workload.mjs').Workload}
 */
export function impairedDownloads(quick) {
  const downloads = quick ? QUICK_DOWNLOADS : DOWNLOADS;
  return {
    id: 'impaired-downloads',
    title: `${downloads} parallel downloads of 100 KiB at ${ROUND_TRIP_MS} ms RTT with ${LOSS * 100} % loss`,
    server: 'necko-http3 with tcp',
    hindrance: NetworkNamespace.hindrance,
    startServer: startImpairedServer('necko-http3-and-tcp.mjs', { delayMs: ROUND_TRIP_MS / 2, loss: LOSS }),
    file: [`${BYTES}`, BYTES],
    job: { requests: downloads, concurrency: downloads, fresh: false },
    contenders: ['ourRequest', 'requestOverH2'],
    figure: totalTime,
    cpu: cpuPerRequest,
    extras: [medianTime],
    goals: [
      {
        text: 'all of them in no more time than over HTTP/2 (as a part of it)',
        value: (summaries) => oneOver(summaries, 'ourRequest', 'requestOverH2'),
        atMost: 1,
      },
      {
        text: 'the median of the downloads in less time than over HTTP/2 (as a part of it)',
        value: ({ ourRequest, requestOverH2 }) =>
          (ourRequest?.extras[0]?.median ?? Number.NaN) / (requestOverH2?.extras[0]?.median ?? Number.NaN),
        atMost: 1,
      },
    ],
  };
}
