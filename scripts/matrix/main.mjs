/** Node 20 to 26 × undici 7 and 8: everything that comes to an Http3Agent, over HTTP/3, as a table. */
import '../../test/support/register-typescript.mjs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../lib/layout.mjs';
import { Progress } from '../lib/progress.mjs';
import { failures, formatTable } from './table.mjs';
import { nodeExecutable, nodePackage, satisfiesMinimum, undiciPackage, VersionStore } from './versions.mjs';

/** @typedef {import('./table.mjs').Column} Column */
/** @typedef {import('./cell.mjs').CellResult} CellResult */
/** @typedef {import('./versions.mjs').Installed} Installed */

const HELP = `Usage: npm run matrix [-- option …]

Runs all checks under each Node with each undici, against a server that says what it was asked over, and prints a table.
Versions are majors (the newest of each is taken) or whole versions; they are installed in the cache, not in this checkout.

--node LIST     of Node (20,22,24,26)
--undici LIST   of undici (7,8)
--only TEXT     only checks with this in their names
`;

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20,22,24,26' },
    undici: { type: 'string', default: '7,8' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

/**
 * @param {string} name of the npm package
 * @param {string} title
 * @param {string} list of versions
 * @param {AbortSignal} signal
 * @returns {Promise<Installed[]>}
 */
async function installAll(name, title, list, signal) {
  const store = new VersionStore();
  const ranges = list.split(',');
  const progress = new Progress(ranges.length);
  const installed = [];
  for (const [index, range] of ranges.entries()) {
    const id = `${name} ${range}`;
    progress.started(id, index + 1, `${title} ${range}`);
    let outcome = /** @type {'done' | 'failed'} */ ('failed');
    try {
      installed.push(await store.install(name, range, { signal, onLine: (line) => progress.line(id, line) }));
      outcome = 'done';
    } finally {
      progress.ended(id, outcome);
    }
  }
  return installed;
}

/**
 * undici does not load where it says itself that it does not; anywhere else that is a failure.
 *
 * @param {CellResult} result
 * @param {string} node version
 * @param {string} minimum of undici
 * @returns {CellResult}
 */
function judge(result, node, minimum) {
  if (result.unloadable === undefined) return result;
  const reason = `undici says that it needs Node ${minimum}; ${result.unloadable}`;
  if (satisfiesMinimum(minimum, node)) return { unloadable: undefined, outcomes: new Map([['undici loads', reason]]) };
  return { ...result, unloadable: reason };
}

/** @param {AbortSignal} signal @returns {Promise<Column[]>} */
async function runMatrix(signal) {
  const nodes = await installAll(nodePackage(), 'Node', values.node, signal);
  const undicis = await installAll('undici', 'undici', values.undici, signal);
  const { startMatrixServer } = await import('./server.mjs');
  const { runCell } = await import('./cell.mjs');
  const server = await startMatrixServer();
  const progress = new Progress(nodes.length * undicis.length);
  /** @type {Column[]} */
  const columns = [];
  try {
    for (const node of nodes) {
      const executable = await nodeExecutable(node);
      for (const undici of undicis) {
        const { minimum } = await undiciPackage(undici.directory);
        const id = `${node.version} ${undici.version}`;
        progress.started(id, columns.length + 1, `Node ${node.version}, undici ${undici.version}`);
        const { port, ca } = server;
        const library = join(projectRoot, 'dist/esm');
        const orders = { library, undici: undici.directory, port, ca, only: values.only };
        const ran = await runCell(executable, orders, { signal, onCheck: (check) => progress.line(id, check) });
        const column = { node: node.version, undici: undici.version, result: judge(ran, node.version, minimum) };
        progress.ended(id, failures([column]) === 0 ? 'done' : 'failed');
        columns.push(column);
      }
    }
  } finally {
    await server.close();
  }
  return columns;
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  const interrupt = new AbortController();
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
  }
  try {
    const columns = await runMatrix(interrupt.signal);
    const failed = failures(columns);
    process.stdout.write(`\n${formatTable(columns)}\n\n${failed === 0 ? 'All is well.' : `Failed: ${failed}`}\n`);
    if (failed > 0) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
