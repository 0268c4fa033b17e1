/** One response of 1 GiB on one stream: this project against the Rust example on the same server. */
import { startCaddyServer } from '../lib/caddy-server.mjs';
import { cpuPerGibibyte, throughput } from '../lib/figures.mjs';
import { cpuOverOurs, oursOver } from '../lib/goals.mjs';
import { startNgtcp2Server } from '../lib/ngtcp2-server.mjs';

const BYTES = 2 ** 30;
const QUICK_BYTES = 64 * 2 ** 20;
/** GSO as ngtcp2 has it by default. */
const GSO_SEGMENTS = 64;

/**
 * @param {string} id
 * @param {string} server
 * @param {import('../lib/server.mjs').StartServer} startServer
 * @param {boolean} quick
 * @returns {import('../lib/workload.mjs').Workload}
 */
function largeDownload(id, server, startServer, quick) {
  const bytes = quick ? QUICK_BYTES : BYTES;
  return {
    id,
    title: `Download of ${bytes / 2 ** 20} MiB on one stream`,
    server,
    startServer,
    file: [`${bytes}`, bytes],
    job: { requests: 1, concurrency: 1, fresh: false },
    contenders: ['ours', 'native', 'nativeSingle', 'neqoAsItComes'],
    figure: throughput,
    cpu: cpuPerGibibyte,
    goals: [
      {
        text: 'at least 0.95 times the Rust example with the same batched I/O',
        value: (summaries) => oursOver(summaries, 'native'),
        atLeast: 0.95,
      },
      {
        text: 'at least 1.5 times neqo 0.13.4 as it comes',
        value: (summaries) => oursOver(summaries, 'neqoAsItComes'),
        atLeast: 1.5,
      },
      {
        text: 'the same by processor time, which counts where the server is the limit',
        value: (summaries) => cpuOverOurs(summaries, 'neqoAsItComes'),
        atLeast: 1.5,
      },
    ],
  };
}

/** @param {boolean} quick */
export const largeDownloads = (quick) => [
  largeDownload('large-caddy', 'Caddy', startCaddyServer, quick),
  largeDownload('large-fast', 'ngtcp2, each datagram sent by itself', startNgtcp2Server(1), quick),
  largeDownload('large-gso', `ngtcp2, GSO of ${GSO_SEGMENTS}`, startNgtcp2Server(GSO_SEGMENTS), quick),
];
