/** 1,000,000 datagrams of garbage and spoofed Initials while 100 clients work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runFlood } from '../../test/support/flood.js';
import { HeldConnections } from '../../test/support/load-client.js';
import { ServerProcess } from '../../test/support/server-process.js';

const CLIENTS = 100;
const REQUESTS = 1000;
const BYTES = 5000;
const MEBIBYTE = 2 ** 20;
/** The default handshake timeout, and more. */
const CALM_MS = 15_000;
const DEADLINE_MS = 30 * 60 * 1000;

/**
 * @param {object} options
 * @param {number} options.datagrams
 * @param {number} options.rate datagrams a second
 * @param {(line: string) => void} options.say
 */
export async function flood({ datagrams, rate, say }) {
  const server = await ServerProcess.start();
  const { origin, port } = server;
  const clients = await HeldConnections.start({ origin, path: `/${BYTES}?{n}`, length: BYTES, pattern: true });
  try {
    await clients.open(CLIENTS);
    const before = await server.usage();
    let isOver = false;
    const flooding = runFlood({ port, count: datagrams, rate, deadlineMs: DEADLINE_MS }).finally(() => {
      isOver = true;
    });
    let [requests, failed, peakBytes, slowest] = [0, 0, 0, 0];
    while (!isOver) {
      const report = await clients.get(REQUESTS);
      requests += report.requests;
      failed += report.failed + report.connectionsFailed;
      slowest = Math.max(slowest, report.latencyMs?.max ?? 0);
      peakBytes = Math.max(peakBytes, (await server.usage()).residentBytes);
    }
    const { sent, initials, seconds, answers } = await flooding;
    const during = (await server.stats())?.engine;
    await sleep(CALM_MS);
    const engine = (await server.stats())?.engine;
    const growth = (peakBytes - before.residentBytes) / MEBIBYTE;
    say(
      `${sent} datagrams in ${seconds.toFixed(1)} s, ${initials} of them Initials; answers ${JSON.stringify(answers)}`,
    );
    say(`${requests} requests answered, ${failed} failed; the slowest took ${slowest.toFixed(0)} ms`);
    say(`memory grew by ${growth.toFixed(1)} MiB at most`);
    say(
      `${during?.retriesSent} Retries; on at the end: ${during?.retryActive}, ${CALM_MS / 1000} s later: ${engine?.retryActive}`,
    );
    if (failed > 0 || engine?.retryActive !== false) throw new Error('clients noticed, or Retry stayed on');
  } finally {
    await clients.stop();
    await server.stop();
  }
}
