/** 10,000 idle connections held by one process: memory for each, and how long a new connection's handshake takes among them. */
import { HeldConnections } from '../../test/support/load-client.js';
import { ServerProcess } from '../../test/support/server-process.js';

const FEW = 10;
const PROBES = 50;
/** Connections until caches and pools have what they need. */
const WARM_UP = 200;
/** Longer than it takes to make all connections. */
const IDLE_TIMEOUT_SECONDS = 3600;
const DEADLINE_MS = 30 * 60 * 1000;
const KIBIBYTE = 1024;

/**
 * @param {object} options
 * @param {number} options.connections
 * @param {'socketpair' | 'session'} options.mode of the virtual fds; pairs need two descriptors for each connection
 * @param {(line: string) => void} options.say
 */
export async function idleConnections({ connections, mode, say }) {
  const server = await ServerProcess.start({
    idleTimeout: IDLE_TIMEOUT_SECONDS * 1000,
    maxConnections: connections + WARM_UP,
    retry: 'never',
    virtualFds: { mode },
  });
  const { origin } = server;
  const clientOptions = { origin, path: '/1024', idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS, deadlineMs: DEADLINE_MS };
  const clients = await HeldConnections.start(clientOptions);
  // A process that holds no connections: what many cost their own client is not measured.
  const prober = await HeldConnections.start(clientOptions);
  try {
    await clients.open(WARM_UP);
    await clients.close(WARM_UP - FEW);
    const few = await prober.probe(PROBES);
    const before = await server.usage();
    const opened = await clients.open(connections - FEW);
    if (opened.open !== connections) throw new Error(`${opened.open} connections: ${JSON.stringify(opened.errors)}`);
    const many = await prober.probe(PROBES);
    const after = await server.usage();
    const answered = await clients.get(connections);
    const each = (after.residentBytes - before.residentBytes) / (connections - FEW) / KIBIBYTE;
    const heap = (after.heapBytes - before.heapBytes) / (connections - FEW) / KIBIBYTE;
    const external = (after.externalBytes - before.externalBytes) / (connections - FEW) / KIBIBYTE;
    const [atFew, atMany] = [few.handshakeMs?.p50 ?? Number.NaN, many.handshakeMs?.p50 ?? Number.NaN];
    say(`${connections} idle connections, virtual fds in mode ${mode}`);
    say(
      `  resident memory for each: ${each.toFixed(1)} KiB (goal: at most 128, with what the kernel needs for a pair)`,
    );
    say(`  of that in JavaScript's heap ${heap.toFixed(1)} KiB, in its buffers ${external.toFixed(1)} KiB`);
    say(`  descriptors: ${after.descriptors - before.descriptors} more`);
    say(
      `  handshake, median of ${PROBES}: ${atFew.toFixed(2)} ms at ${FEW}, ${atMany.toFixed(2)} ms at ${connections}`,
    );
    say(`  ratio ${(atMany / atFew).toFixed(2)} (goal: at most 2)`);
    say(`  a request on each: ${answered.requests} answered, ${answered.failed} failed`);
  } finally {
    await clients.stop();
    await prober.stop();
    await server.stop();
  }
}
