/**
 * Child of worker-lifecycle.test.ts: starts a pool and leaves it alone. With `busy` a request is open, which its handler
 * answers after a while. Writes what happened; its end is what is tested.
 */
import { createPool, send } from './support/pool.js';

const pool = createPool('slow.ts');
await pool.start();
process.stdout.write('ready ');
if (process.argv[2] === 'busy') {
  const stream = send(pool);
  stream.on('close', () => process.stdout.write(`answered ${stream.status}`));
}
