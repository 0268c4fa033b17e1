/**
 * Long runs of the server, which are no part of `npm test`: each prints what it finds, and fails if something is wrong that no
 * clock decides.
 *
 * Usage: node scripts/run-after-setup.mjs scripts/soak/main.mjs idle|cycles|flood [--count N] [--rate N] [--mode socketpair|session]
 */
import '../../test/support/register-typescript.mjs';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, rate: { type: 'string' }, mode: { type: 'string', default: 'socketpair' } },
});
const [run] = positionals;
const count = (/** @type {number} */ usual) => Number(values.count ?? usual);
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

if (run === 'idle') {
  const { idleConnections } = await import('./idle-connections.mjs');
  await idleConnections({
    connections: count(10_000),
    mode: values.mode === 'session' ? 'session' : 'socketpair',
    say,
  });
} else if (run === 'cycles') {
  const { connectionCycles } = await import('./connection-cycles.mjs');
  await connectionCycles({ cycles: count(100_000), say });
} else if (run === 'flood') {
  const { flood } = await import('./flood.mjs');
  await flood({ datagrams: count(1_000_000), rate: Number(values.rate ?? 20_000), say });
} else {
  throw new Error('say which run: idle, cycles or flood');
}
