/**
 * The benchmarks: necko-http3 beside other clients, on the same servers, in one run. See docs/benchmarks.md.
 *
 * Usage: npm run bench -- [option …]
 */
import '../test/support/register-typescript.mjs';
import { parseOptions, usage } from './lib/options.mjs';

try {
  const options = parseOptions(process.argv.slice(2));
  // What follows uses the tests' peers, which are TypeScript: it is loaded only now that Node can.
  const { listWorkloads, runAll } = await import('./lib/run-all.mjs');
  if (options.help) process.stdout.write(usage);
  else if (options.list) listWorkloads();
  else await runAll(options);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
