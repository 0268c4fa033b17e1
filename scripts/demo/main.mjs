#!/usr/bin/env node
/**
 * The demo. Without arguments: a download and an upload against this package's own server on loopback. `serve DIR`: serves a folder to
 * browsers. `webtransport`: WebTransport from Node, then a chat for browsers. With a URL: fetches that, as the shell client does.
 *
 * Usage: npm run demo
 *        npm run demo -- serve DIR [--port PORT] [--host HOST] [--cert FILE --key FILE]
 *        npm run demo -- webtransport [--port PORT] [--host HOST] [--once]
 *        npm run demo -- URL [option of the shell client …]
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

// The parts use modules of the tests, which are TypeScript: they are loaded only now that Node can.
try {
  if (args.length === 0) {
    const { runLoopbackDemo } = await import('./loopback-demo.mjs');
    await runLoopbackDemo(interruption.signal);
  } else if (args[0] === 'serve') {
    const { serve } = await import('./serve.mjs');
    await serve(args.slice(1), interruption.signal);
  } else if (args[0] === 'webtransport') {
    const { demonstrateWebTransport } = await import('./webtransport.mjs');
    await demonstrateWebTransport(args.slice(1), interruption.signal);
  } else {
    const { fetchUrl } = await import('./fetch-url.mjs');
    process.exitCode = await fetchUrl(args, interruption.signal);
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    interruption.signal.aborted ? '\nInterrupted; everything is removed.\n' : `\nDemo failed: ${message}\n`,
  );
  process.exitCode ??= 1;
}
