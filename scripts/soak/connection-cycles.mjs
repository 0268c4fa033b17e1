/** 100,000 times connect, request, close: descriptors and memory stay flat, and the events are exact. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad } from '../../test/support/load-client.js';
import { ServerProcess } from '../../test/support/server-process.js';

const ROUNDS = 10;
/** Rounds after which caches and pools have what they need. */
const WARM_UP_ROUNDS = 2;
const AT_ONCE = 10;
const MEBIBYTE = 2 ** 20;
/** Three probe timeouts (RFC 9000 10.2), and more. */
const LAST_CLOSES_MS = 3000;
const ROUND_DEADLINE_MS = 30 * 60 * 1000;

/**
 * @param {object} options
 * @param {number} options.cycles
 * @param {(line: string) => void} options.say
 */
export async function connectionCycles({ cycles, say }) {
  const server = await ServerProcess.start();
  const perRound = Math.ceil(cycles / ROUNDS);
  const job = { origin: server.origin, path: '/1024?{n}', length: 1024, pattern: true, deadlineMs: ROUND_DEADLINE_MS };
  try {
    let failed = 0;
    let warm = { residentBytes: 0, descriptors: 0 };
    let last = warm;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const report = await runLoad({ ...job, requests: perRound, connections: AT_ONCE, perConnection: 1 });
      failed += report.failed + report.connectionsFailed;
      if (Object.keys(report.errors).length > 0) say(`  errors: ${JSON.stringify(report.errors)}`);
      await sleep(LAST_CLOSES_MS);
      const usage = await server.usage();
      if (round === WARM_UP_ROUNDS) warm = usage;
      last = usage;
      const { residentBytes, heapBytes, descriptors } = usage;
      const memory = `${(residentBytes / MEBIBYTE).toFixed(1)} MiB resident, ${(heapBytes / MEBIBYTE).toFixed(1)} MiB heap`;
      say(`${round * perRound} cycles: ${memory}, ${descriptors} descriptors, ${report.seconds.toFixed(1)} s`);
    }
    const ratio = (last.residentBytes / warm.residentBytes).toFixed(3);
    say(
      `memory at the end to memory after ${WARM_UP_ROUNDS} rounds: ${ratio}; descriptors ${last.descriptors - warm.descriptors} more`,
    );
    const { connects, disconnects, unexpected, repeatedIds } = await server.counts();
    say(`${connects} connects, ${disconnects} disconnects, ${unexpected} unexpected, ${repeatedIds} ids repeated`);
    const isExact = connects === perRound * ROUNDS && disconnects === connects && unexpected + repeatedIds === 0;
    if (failed > 0 || !isExact) throw new Error(`${failed} failures, or events that are not exact`);
  } finally {
    await server.stop();
  }
}
