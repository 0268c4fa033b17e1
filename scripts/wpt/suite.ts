/** Runs the suite in all hosts, and says how it went. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { ChildModule } from '../../test/support/child-module.js';
import { Chromium } from '../../test/support/chromium.js';
import { ensureTool } from '../../test/support/peer-tools.js';
import { runInChromium } from './browser/chromium-runner.js';
import { readDeviations } from './expectations.js';
import { runInNode } from './node/node-runner.js';
import type { Options } from './options.js';
import { type HostRun, report } from './report.js';
import { countPassed, type FileResult } from './results.js';
import type { ServerFunctions, ServerInit } from './server-process.js';
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
  const faults: string[] = [];
  try {
    const runs = await withServer({ root, tests, directory, faults }, async (environment) => ({
      node: hosts.includes('node') ? await runAllInNode(tests, environment, verbose) : undefined,
      chromium: hosts.includes('chromium') ? await runAllInChromium(tests, environment, verbose) : undefined,
    }));
    const deviations = await readDeviations(DEVIATIONS);
    const files = tests.map(({ name }) => name);
    const { text, asExpected } = report({ ...runs, files, faults, deviations, pageTests: await listPageTests(root) });
    say(`\n${text}`);
    return asExpected ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Serving {
  readonly root: string;
  readonly tests: readonly TestFile[];
  /** For files. */
  readonly directory: string;
  /** Gets what handlers threw. */
  readonly faults: string[];
}

/** Runs something while the server is there. @throws the server's last words if it ends meanwhile */
async function withServer<T>(
  { root, tests, directory, faults }: Serving,
  use: (environment: Environment) => Promise<T>,
) {
  const ca = await makeCa();
  const leaf = await makeCert({ ca, ips: [HOST] });
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, ca.certPem);
  const init: ServerInit = { cert: leaf.chainPem, key: leaf.keyPem, root, host: HOST, tests };
  const program = new URL('server-process.ts', import.meta.url);
  const server = await ChildModule.start<ServerFunctions>(program, init, (fault) => faults.push(String(fault)));
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
): Promise<HostRun> {
  const results: FileResult[] = [];
  for (const test of tests.filter(isForWorkers)) {
    const site = { root, host: HOST, port };
    results.push(tell('Node', await runInNode(test, { site, module: INTERFACES.href, caFile }), verbose));
  }
  return { name: `Node ${process.versions.node}`, results };
}

/** @returns undefined if there is no Chromium and none can be installed */
async function runAllInChromium(
  tests: readonly TestFile[],
  { port, certPem }: Environment,
  verbose: boolean,
): Promise<HostRun | undefined> {
  try {
    await ensureTool('chromium');
  } catch (error) {
    say(`Not in Chromium, so that there is nothing to compare with: ${(error as Error).message}`);
    return undefined;
  }
  const results: FileResult[] = [];
  const chromium = await Chromium.start({ quicOrigins: [`${HOST}:${port}`], trusted: [certPem] });
  try {
    const agent = await (await chromium.newPage()).evaluate<string>('navigator.userAgent');
    for (const test of tests.filter(isForWindows)) {
      const result = await runInChromium(test, chromium, `https://${HOST}:${port}`);
      results.push(tell('Chromium', result, verbose));
    }
    return { name: `Chromium ${/Chrome\/(\d+)/.exec(agent)?.[1] ?? ''}`, results };
  } finally {
    await chromium.stop();
  }
}

/** Shows that a file is done. */
function tell(host: string, result: FileResult, verbose: boolean): FileResult {
  say(`${host}: ${result.file}: ${countPassed(result)} of ${result.subtests.length}`);
  if (verbose) {
    for (const { name, status, message } of result.subtests) {
      if (status !== 'PASS') say(`  ${status} ${name}${message === undefined ? '' : `: ${message}`}`);
    }
    if (result.harnessMessage !== undefined) say(`  ${result.harness}: ${result.harnessMessage}`);
  }
  return result;
}
