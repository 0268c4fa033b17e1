/** Runs one cell of the matrix: a Node, an undici, all checks, in a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {import('./cell-process.mjs').Orders} Orders */
/** @typedef {import('./cell-process.mjs').Report} Report */
/**
 * @typedef {object} CellResult
 * @property {string | undefined} unloadable why undici does not load on this Node; then there are no outcomes
 * @property {Map<string, string | undefined>} outcomes what is wrong, by check; undefined for nothing
 */

const PROGRAM = fileURLToPath(new URL('cell-process.mjs', import.meta.url));
/** The checks have a shorter limit of their own: this is for a process that is stuck altogether. */
const SILENCE_LIMIT_MS = 60_000;
const OUTPUT_KEPT = 4000;

export const PROCESS_ENDS = 'the process ends by itself';

/**
 * @param {string} node executable
 * @param {Orders} orders
 * @param {{ signal?: AbortSignal, onCheck?: (check: string) => void }} [options]
 * @returns {Promise<CellResult>}
 */
export async function runCell(node, orders, { signal, onCheck } = {}) {
  signal?.throwIfAborted();
  const child = fork(PROGRAM, { execPath: node, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const onAbort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', onAbort);
  let stuck = false;
  const watchdog = setTimeout(() => {
    stuck = true;
    child.kill('SIGKILL');
  }, SILENCE_LIMIT_MS);

  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
  }
  /** @type {CellResult} */
  const result = { unloadable: undefined, outcomes: new Map() };
  /** @type {string[] | undefined} */
  let plan;
  child.on('message', (/** @type {Report} */ report) => {
    watchdog.refresh();
    if (report.kind === 'unloadable') result.unloadable = report.reason;
    else if (report.kind === 'plan') plan = report.checks;
    else {
      result.outcomes.set(report.check, report.failure);
      onCheck?.(report.check);
    }
  });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, killedBy) => resolve(killedBy ?? code));
  });
  child.send(orders, () => undefined);
  const end = await ended;
  clearTimeout(watchdog);
  signal?.removeEventListener('abort', onAbort);
  signal?.throwIfAborted();
  if (result.unloadable !== undefined && end === 0) return { ...result, outcomes: new Map() };

  const how = stuck ? `nothing happened for ${SILENCE_LIMIT_MS / 1000} s` : `the process ended (${end})`;
  const failure = stuck || end !== 0 || plan === undefined ? `${how}\n${output}` : undefined;
  for (const check of plan ?? [])
    if (!result.outcomes.has(check)) result.outcomes.set(check, failure ?? 'it did not run');
  result.outcomes.set(PROCESS_ENDS, failure);
  return result;
}
