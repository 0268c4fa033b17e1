/** Long runs, which are no part of `npm test`. */
import '../../test/support/register-typescript.mjs';
import { parseArgs } from 'node:util';

const HELP = `Usage: npm run soak -- NAME [option …]

Each prints what it finds, and fails if something is wrong that no clock decides.

idle     many idle connections held by one process: memory for each, and what a new connection's handshake takes among them
         --count N   connections (9,900; with the default mode the process needs two descriptors for each: see ulimit -n)
         --mode M    of the virtual fds: socketpair (the default) or session
cycles   connect, request, close, again and again: descriptors, memory, and the events of each connection
         --count N   connections (100,000)
flood    garbage and spoofed Initials while 100 clients work: their requests, memory, and Retry switched on and off again
         --count N   datagrams (1,000,000)
         --rate N    datagrams a second (20,000)
agent    requests of all kinds through one Http3Agent, some aborted, some unread: memory, and what is left after close
         --requests N (1,000,000)
webtransport-streams    100,000 WebTransport streams one after the other, of both kinds and from both ends: memory of both processes
         --count N   streams (100,000)
webtransport-datagrams  1,000,000 WebTransport datagrams at full speed: the event loop goes on, and all are accounted for
         --count N   datagrams (1,000,000)
timeouts each timeout of a client, over HTTP/3 and HTTP/2: the error it gives, and how far from the set time it comes
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    requests: { type: 'string' },
    rate: { type: 'string' },
    mode: { type: 'string', default: 'socketpair' },
    help: { type: 'boolean', default: false },
  },
});
const [run] = positionals;
const count = (/** @type {number} */ usual) => Number(values.count ?? usual);
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

if (run === 'idle') {
  const { idleConnections } = await import('./idle-connections.mjs');
  await idleConnections({
    connections: count(9900),
    mode: values.mode === 'session' ? 'session' : 'socketpair',
    say,
  });
} else if (run === 'cycles') {
  const { connectionCycles } = await import('./connection-cycles.mjs');
  await connectionCycles({ cycles: count(100_000), say });
} else if (run === 'flood') {
  const { flood } = await import('./flood.mjs');
  await flood({ datagrams: count(1_000_000), rate: Number(values.rate ?? 20_000), say });
} else if (run === 'agent') {
  const { agentRequests } = await import('./agent.mjs');
  await agentRequests({ requests: Number(values.requests ?? 1_000_000), say });
} else if (run === 'timeouts') {
  const { timeouts } = await import('./timeouts.mjs');
  await timeouts({ say });
} else if (run === 'webtransport-streams') {
  const { webTransportStreams } = await import('./webtransport-streams.mjs');
  await webTransportStreams({ streams: count(100_000), say });
} else if (run === 'webtransport-datagrams') {
  const { webTransportDatagrams } = await import('./webtransport-datagrams.mjs');
  await webTransportDatagrams({ datagrams: count(1_000_000), say });
} else {
  say(HELP);
  if (!values.help) process.exitCode = 1;
}
