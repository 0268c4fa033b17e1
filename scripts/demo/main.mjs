#!/usr/bin/env node
/**
 * The demo. Without arguments: a download and an upload against Caddy on loopback. With a URL: fetches that, as the shell client
 * does.
 *
 * Usage: npm run demo [-- URL [option of the shell client …]]
 */
import '../../test/support/register-typescript.mjs';

const args = process.argv.slice(2);
const interruption = new AbortController();
/** The first signal ends the demo in order, a second one as it always would. */
for (const [signal, exitCode] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])) {
  process.once(signal, () => {
    process.exitCode = exitCode;
    interruption.abort(new Error(`ended by ${signal}`));
  });
}

try {
  if (args.length > 0) {
    const { fetchUrl } = await import('./fetch-url.mjs');
    process.exitCode = await fetchUrl(args, interruption.signal);
  } else {
    // It uses the tests' peers, which are TypeScript: it is loaded only now that Node can.
    const { runLoopbackDemo } = await import('./loopback-demo.mjs');
    await runLoopbackDemo(interruption.signal);
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    interruption.signal.aborted ? '\nInterrupted; everything is removed.\n' : `\nDemo failed: ${message}\n`,
  );
  process.exitCode ??= 1;
}
