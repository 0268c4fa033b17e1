/** The primary process of a cluster. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { serveChildModule } from '../../support/serve-child-module.js';

export interface ClusterInit {
  readonly key: string;
  readonly cert: string;
  readonly port: number;
  readonly workers: number;
  /** For temporary files. */
  readonly directory: string;
}

export interface ClusterFunctions {
  readonly pids: () => number[];
  readonly add: () => Promise<number>;
  readonly kill: (pid: number) => Promise<void>;
  /** Lets a worker go in order; resolves with its exit code. */
  readonly disconnect: (pid: number) => Promise<unknown>;
}

serveChildModule<ClusterInit, ClusterFunctions>(async ({ key, cert, port, workers, directory }) => {
  const exec = fileURLToPath(new URL('./cluster-worker.ts', import.meta.url));
  cluster.setupPrimary({ exec, execArgv: nodeArgumentsFor(exec) });
  const running = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const find = (pid: number): Worker => {
    const worker = running().find(({ process }) => process.pid === pid);
    if (worker === undefined) throw new Error(`no worker ${pid}`);
    return worker;
  };
  const add = async (): Promise<number> => {
    const worker = cluster.fork({ TEST_KEY: key, TEST_CERT: cert, TEST_PORT: String(port), TMPDIR: directory });
    await once(worker, 'message');
    return worker.process.pid ?? 0;
  };
  await Promise.all(Array.from({ length: workers }, add));
  return {
    pids: () => running().map(({ process }) => process.pid ?? 0),
    add,
    kill: async (pid) => {
      const worker = find(pid);
      const exit = once(worker, 'exit');
      worker.process.kill('SIGKILL');
      await exit;
    },
    disconnect: async (pid) => {
      const worker = find(pid);
      const exit = once(worker, 'exit');
      worker.disconnect();
      return (await exit)[0];
    },
  };
});
