/** Runs the suite in all hosts, and says how it went. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { ChildModule } from '../../test/support/child-module.js';
import { Chromium } from '../../test/support/chromium.js';
import { missingTools } from '../lib/tools.mjs';
import { runInChromium } from './browser/chromium-runner.js';
import { compare, readDeviations } from './expectations.js';
import { runInNode } from './node/node-runner.js';
import type { Options } from './options.js';
import type { FileResult } from './results.js';
import type { ServerFunctions, ServerInit } from './server-process.js';
import { formatTable, percentage } from './table.js';
import { isForWindows, isForWorkers, listPageTests, listTests, type TestFile } from './test-files.js';

/** An address: Chromium tries the other family of a name first, and asks again by QUIC alone. */
const HOST = '127.0.0.1';
const INTERFACES = new URL('../../src/webtransport.ts', import.meta.url);
const DEVIATIONS = new URL('../../test/wpt/expectations.json', import.meta.url);

const say = (line: string) => process.stdout.write(`${line}\n`);

interface Environment {
  readonly root: string;
  readonly port: number;
  /** What pages and sessions are certified by, in PEM: the leaf, and a file with its issuer. */
  readonly certPem: string;
  readonly caFile: string;
}

/**
 * @param root of the web platform tests
 * @returns the exit code: 0 if everything is as expected
 */
export async function runSuite(root: string, { hosts, verbose, only }: Options): Promise<number> {
  const tests = (await listTests(root)).filter(
    ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
  );
  if (tests.length === 0) throw new Error(`no file of the suite has a name like ${only.join(', ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-wpt-'));
  try {
    const { node, chromium } = await withServer({ root, tests, directory }, async (environment) => ({
      node: hosts.includes('node') ? await runAllInNode(tests, environment, verbose) : [],
      chromium: hosts.includes('chromium') ? await runAllInChromium(tests, environment, verbose) : [],
    }));
    return await judge(tests, node, chromium, { root, compareNode: hosts.includes('node') });
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Serving {
  readonly root: string;
  readonly tests: readonly TestFile[];
  /** For files. */
  readonly directory: string;
}

/** Runs something while the server is there. @throws the server's last words if it ends meanwhile */
async function withServer<T>({ root, tests, directory }: Serving, use: (environment: Environment) => Promise<T>) {
  const ca = await makeCa();
  const leaf = await makeCert({ ca, ips: [HOST] });
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, ca.certPem);
  const init: ServerInit = { cert: leaf.chainPem, key: leaf.keyPem, root, host: HOST, tests };
  const program = new URL('server-process.ts', import.meta.url);
  const server = await ChildModule.start<ServerFunctions>(program, init, (fault) => say(`  the server: ${fault}`));
  try {
    const result = await use({ root, port: await server.call('port'), certPem: leaf.certPem, caFile });
    // A server that is gone explains whatever failed: this throws what it wrote last.
    await server.call('port');
    return result;
  } finally {
    await server.stop();
  }
}

async function runAllInNode(
  tests: readonly TestFile[],
  { root, port, caFile }: Environment,
  verbose: boolean,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const test of tests.filter(isForWorkers)) {
    const site = { root, host: HOST, port };
    results.push(tell('Node', await runInNode(test, { site, module: INTERFACES.href, caFile }), verbose));
  }
  return results;
}

async function runAllInChromium(
  tests: readonly TestFile[],
  { port, certPem }: Environment,
  verbose: boolean,
): Promise<FileResult[]> {
  if ((await missingTools(['chromium'])).length > 0) {
    say('Chromium is not installed: nothing to compare with.');
    return [];
  }
  const results: FileResult[] = [];
  const chromium = await Chromium.start({ quicOrigins: [`${HOST}:${port}`], trusted: [certPem] });
  try {
    for (const test of tests.filter(isForWindows)) {
      const result = await runInChromium(test, chromium, `https://${HOST}:${port}`);
      results.push(tell('Chromium', result, verbose));
    }
  } finally {
    await chromium.stop();
  }
  return results;
}

/** Shows that a file is done. */
function tell(host: string, result: FileResult, verbose: boolean): FileResult {
  say(`${host}: ${formatTable([result.file], [{ host, results: [result] }]).split('\n')[1] ?? ''}`);
  if (verbose) {
    for (const { name, status, message } of result.subtests) {
      if (status !== 'PASS') say(`  ${status} ${name}${message === undefined ? '' : `: ${message}`}`);
    }
    if (result.harnessMessage !== undefined) say(`  ${result.harness}: ${result.harnessMessage}`);
  }
  return result;
}

/** Prints the table and what is not as expected. @returns the exit code */
async function judge(
  tests: readonly TestFile[],
  node: readonly FileResult[],
  chromium: readonly FileResult[],
  { root, compareNode }: { readonly root: string; readonly compareNode: boolean },
): Promise<number> {
  const columns = [
    { host: 'Node', results: node },
    { host: 'Chromium', results: chromium },
  ].filter(({ results }) => results.length > 0);
  const files = tests.map(({ name }) => name);
  say(`\n${formatTable(files, columns)}`);
  if (!compareNode) return 0;
  const deviations = await readDeviations(DEVIATIONS);
  const share = percentage(node, deviations).toFixed(1);
  say(`\n${share} % of the subtests that do not need a page pass in Node.`);
  say(`Not run, because they are pages: ${(await listPageTests(root)).join(', ')}`);
  const { problems, behindChromium } = compare(node, chromium, deviations);
  if (behindChromium.length > 0) say(`\nChromium passes, Node does not:\n  ${behindChromium.join('\n  ')}`);
  say(problems.length === 0 ? '\nAs expected.' : `\nNot as expected:\n  ${problems.join('\n  ')}`);
  return problems.length === 0 ? 0 : 1;
}
