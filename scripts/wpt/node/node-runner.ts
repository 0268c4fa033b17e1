/** Runs test files in Node, each in a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeArgumentsFor } from '../../../test/support/child-module.js';
import { brokenOff, type FileResult, type Subtest, toFileResult, toSubtest } from '../results.js';
import type { SiteOptions } from '../site.js';
import type { TestFile } from '../test-files.js';
import type { NodeOrders, NodeReport } from './node-messages.js';

const PROGRAM = fileURLToPath(new URL('node-process.ts', import.meta.url));
/** What the suite gives a file (10 s and 60 s), three times over: two cores have other things to do as well. */
const TIMEOUT_MS = { normal: 30_000, long: 180_000 };
/** A process that has not told its results this long after the file's time is stuck altogether. */
const STUCK_MS = 15_000;
const KEPT_OUTPUT = 4000;

export interface NodeRunOptions {
  readonly site: SiteOptions;
  /** File URL of the module with the interfaces. */
  readonly module: string;
  /** File with the certificate that the site's is signed by, in PEM. */
  readonly caFile: string;
}

/** Runs one file. Whatever the process does, there is a result. */
export async function runInNode(test: TestFile, { site, module, caFile }: NodeRunOptions): Promise<FileResult> {
  const timeoutMs = test.isLong ? TIMEOUT_MS.long : TIMEOUT_MS.normal;
  const child = fork(PROGRAM, {
    execArgv: nodeArgumentsFor(PROGRAM),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const subtests: Subtest[] = [];
  let result: FileResult | undefined;
  let stuck = false;
  const watchdog = setTimeout(() => {
    stuck = true;
    child.kill('SIGKILL');
  }, timeoutMs + STUCK_MS);
  child.on('message', (report: NodeReport) => {
    if (report.kind === 'subtest') subtests.push(toSubtest(report.subtest));
    else {
      result = toFileResult(test.name, report.tests, report.status);
      // What the tests left open is closed with the process; it is given no time to do more.
      child.kill('SIGKILL');
    }
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const orders: NodeOrders = { site, test, module, timeoutMs };
  child.send(orders, () => undefined);
  const end = await ended;
  clearTimeout(watchdog);
  process.off('exit', killWithParent);
  return (
    result ??
    brokenOff(test.name, `${stuck ? 'the process was stuck' : `the process ended (${end})`}\n${output}`, subtests)
  );
}
