/**
 * The WebTransport part of the web platform tests, in Node and in Chromium, against our own server.
 *
 * Usage: npm run test:wpt -- [option …] [TEST …]
 */
import '../../test/support/register-typescript.mjs';
import { join } from 'node:path';
import { setUp } from '../lib/setup.mjs';

try {
  // What follows is TypeScript: it is loaded only now that Node can.
  const { parseOptions, usage } = await import('./options.js');
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else {
    // The suite comes with neqo's sources, which a set-up whose results are there does not fetch again by itself.
    const { sources } = await setUp({ goals: ['sources'] });
    const { runSuite } = await import('./suite.js');
    process.exitCode = await runSuite(join(sources, 'testing/web-platform/tests'), options);
  }
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
