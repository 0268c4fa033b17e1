import type { WorkerOptions } from '../../../../src/server/workers/worker-options.js';
import { WorkerPool } from '../../../../src/server/workers/worker-pool.js';
import { nodeArgumentsFor } from '../../../support/child-module.js';
import { type ScriptedRequest, ScriptedStream } from './scripted-stream.js';

/** A module of ../modules. */
export function workerModule(name: string): URL {
  return new URL(`../modules/${name}`, import.meta.url);
}

/** A pool whose workers run the sources as they stand. */
export function createPool(module: string, options: Omit<WorkerOptions, 'module'> = {}): WorkerPool {
  return new WorkerPool({
    module: workerModule(module),
    count: 1,
    execArgv: nodeArgumentsFor('worker-entry.ts'),
    ...options,
  });
}

/** Gives a request to the pool. */
export function send(pool: WorkerPool, request: ScriptedRequest = {}): ScriptedStream {
  const stream = new ScriptedStream(request);
  pool.dispatch(stream, {}, 0, stream.rawHeaders);
  return stream;
}

/** Gives a request to the pool and waits for the stream's end. */
export async function exchange(pool: WorkerPool, request: ScriptedRequest = {}): Promise<ScriptedStream> {
  const stream = send(pool, request);
  await stream.gone;
  return stream;
}
