/**
 * One cell of the matrix, run by `cell.mjs` under the Node that is tested: all checks with one undici. Its first message is the orders;
 * it reports each check as it ends, and then has to end by itself.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { agentChecks } from './checks/agents.mjs';
import { assertHttp3, Context } from './checks/context.mjs';
import { errorChecks } from './checks/errors.mjs';
import { fetchChecks } from './checks/fetch.mjs';
import { interceptorChecks } from './checks/interceptors.mjs';
import { observingChecks } from './checks/observing.mjs';
import { requestChecks } from './checks/requests.mjs';

/**
 * @typedef {object} Orders
 * @property {string} library directory of the build: dist/esm
 * @property {string} undici directory of the undici that is tested
 * @property {number} port of the server
 * @property {string} ca PEM
 * @property {string} only what the names of the checks to run have in them
 */

/**
 * @typedef {{ kind: 'unloadable', reason: string } | { kind: 'plan', checks: string[] }
 *   | { kind: 'result', check: string, failure: string | undefined }} Report
 */

/** A check that neither passes nor fails must not hold up the others. */
const CHECK_LIMIT_MS = 30_000;
const POLL_MS = 20;

const UNDICI_AFTER_INSTALL = 'install(), then undici loads: fetch, request';
const NOTHING_LEFT = 'no native object is left';

/** @param {Report} report */
const tell = (report) => void process.send?.(report);

/** Errors that nobody caught, of the check that runs or of the one before. @type {unknown[]} */
const stray = [];
const onStray = (/** @type {unknown} */ error) => void stray.push(error);

/** @param {unknown} error @returns {string} with causes, and where it was thrown */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split('\n');
  // What is below the check's own frame is always the same.
  const end = lines.findIndex((line) => line.includes('/matrix/cell-process.mjs'));
  const own = lines.slice(0, end < 0 ? undefined : end).filter((line) => !line.includes('(node:internal/'));
  const cause = error.cause === undefined ? '' : `\n  because of ${describe(error.cause)}`;
  return own.join('\n') + cause;
}

/**
 * @param {string} check
 * @param {() => Promise<void>} run
 */
async function report(check, run) {
  const limit = new AbortController();
  const late = sleep(CHECK_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`it did not end within ${CHECK_LIMIT_MS / 1000} s`);
  });
  let failure;
  try {
    await Promise.race([run(), late]);
  } catch (error) {
    failure = describe(error);
  }
  limit.abort();
  await late.catch(() => undefined);
  for (const error of stray.splice(0)) failure ??= `uncaught: ${describe(error)}`;
  tell({ kind: 'result', check, failure });
}

/** @param {Context} context */
async function withoutDispatcher({ undici, origin }) {
  const { headers, body } = await undici.request(`${origin}/echo`);
  assertHttp3(headers);
  await body.dump();
  const response = await undici.fetch(`${origin}/echo`);
  assertHttp3({ 'x-protocol': response.headers.get('x-protocol') });
  await response.arrayBuffer();
}

/** @param {string} directory @param {string} file */
const load = (directory, file) => import(pathToFileURL(join(directory, file)).href);

// Without the one who reads its reports it has nothing to do.
const onOrphaned = () => process.exit(1);
process.once('disconnect', onOrphaned);

const [{ library: build, undici: undiciDirectory, port, ca, only }] = /** @type {[Orders]} */ (
  await once(process, 'message')
);
/** @type {import('./checks/context.mjs').Library} */
const library = await load(build, 'undici.js');
/** @type {import('./checks/context.mjs').Main} */
const main = await load(build, 'index.js');
/** @type {typeof import('../../src/native.js')} */
const { loadAddon } = await load(build, 'native.js');

// undici looks for a global dispatcher while it loads: this one must be there before, to see what becomes of it.
const first = new library.Http3Agent({ protocol: 'h3', connect: { ca } });
const installation = library.install(first);
const undici = await load(undiciDirectory, 'index.js').then(
  ({ default: loaded }) => /** @type {import('./checks/context.mjs').Undici} */ (loaded),
  (error) => tell({ kind: 'unloadable', reason: String(error).split('\n')[0] ?? '' }),
);

/** @type {import('./checks/context.mjs').Check[]} */
const checks = [
  { name: UNDICI_AFTER_INSTALL, run: withoutDispatcher },
  ...fetchChecks,
  ...requestChecks,
  ...errorChecks,
  ...interceptorChecks,
  ...agentChecks,
  ...observingChecks,
].filter(({ name }) => name.includes(only));

process.on('uncaughtException', onStray);
if (undici !== undefined) {
  tell({ kind: 'plan', checks: [...checks.map(({ name }) => name), NOTHING_LEFT] });
  for (const { name, run } of checks) {
    const context = new Context({ name, undici, library, main, port, ca });
    await report(name, async () => {
      const failed = await run(context).catch((error) => ({ error }));
      const ended = await context.end().catch((error) => ({ error }));
      const { error } = failed ?? ended ?? {};
      if (error !== undefined) throw error;
    });
    // It is for the first check only.
    if (name === UNDICI_AFTER_INSTALL) installation.uninstall();
  }
}
process.off('uncaughtException', onStray);
installation.uninstall();
await first.close();
await report(NOTHING_LEFT, async () => {
  // A closed connection lives on for three probe timeouts (RFC 9000 10.2).
  for (;;) {
    const { connections, polls, verifications } = loadAddon().counters();
    if (connections + polls + verifications === 0) return;
    await sleep(POLL_MS);
  }
});
process.off('disconnect', onOrphaned);
process.disconnect();
