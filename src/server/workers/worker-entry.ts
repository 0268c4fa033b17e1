/** What a worker thread runs: waits to be told the module, loads it, and serves. */
import { parentPort } from 'node:worker_threads';
import { reportUncaught } from '../../errors.js';
import { loadHandler } from './worker-handler.js';
import type { WorkerInit } from './worker-init.js';
import { WorkerRuntime } from './worker-runtime.js';

async function start(init: WorkerInit): Promise<void> {
  const handler = await loadHandler(init.moduleUrl);
  await handler.init();
  new WorkerRuntime(init, handler);
}

parentPort?.once('message', (init: WorkerInit) => {
  start(init).catch(reportUncaught);
});
