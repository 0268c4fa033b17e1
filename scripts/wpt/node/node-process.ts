/** The process that runs one test file in Node. Its parent is `node-runner.ts`. */
import { runInThisContext } from 'node:vm';
import type { RawStatus } from '../results.js';
import { Site } from '../site.js';
import type { NodeOrders, NodeReport } from './node-messages.js';
import { knowNoNames } from './unknown-names.js';
import { enterWorkerScope } from './worker-scope.js';

/** Messages of testharness.js' worker environment that matter here. */
type HarnessMessage =
  | { readonly type: 'result'; readonly test: RawStatus }
  | { readonly type: 'complete'; readonly tests: readonly RawStatus[]; readonly status: RawStatus }
  | { readonly type: 'start' | 'test_state' };

/** Functions that testharness.js puts on the global object. */
interface Harness {
  done(): void;
  timeout(): void;
}

function plain({ name, status, message }: RawStatus): RawStatus {
  return { ...(name === undefined ? {} : { name }), status, message };
}

function report(message: NodeReport): void {
  process.send?.(message);
}

function onMessage(message: HarnessMessage): void {
  if (message.type === 'result') report({ kind: 'subtest', subtest: plain(message.test) });
  else if (message.type === 'complete') {
    report({ kind: 'complete', tests: message.tests.map(plain), status: plain(message.status) });
  }
}

/** The interfaces that the specification puts on the global object; a module may export other things besides. */
async function loadInterfaces(module: string): Promise<Record<string, unknown>> {
  const exports = (await import(module)) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(exports).filter(([name, value]) => name.startsWith('WebTransport') && typeof value === 'function'),
  );
}

async function run({ site: options, test, module, timeoutMs }: NodeOrders): Promise<void> {
  knowNoNames();
  const site = new Site(options);
  const interfaces = await loadInterfaces(module);
  enterWorkerScope({ site, path: test.path, onMessage: (message) => onMessage(message as HarnessMessage), interfaces });
  for (const path of ['/resources/testharness.js', ...test.scripts, test.path]) {
    const file = await site.read(path);
    if (file === undefined) throw new Error(`${test.name} needs ${path}, which is not there`);
    // Classic scripts: their top-level names are the global object's, and each sees those of the ones before it.
    runInThisContext(file.body, { filename: path });
  }
  const harness = globalThis as unknown as Harness;
  // A worker has no 'load' event: whoever runs it says that all tests are there.
  harness.done();
  setTimeout(() => harness.timeout(), timeoutMs);
}

process.once('message', (orders: NodeOrders) => {
  run(orders).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(0));
