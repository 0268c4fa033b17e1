import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';
import { InvalidArgumentError } from '../../errors.js';
import { count, MAX_TIME, time } from '../../http/option-checks.js';

/**
 * Which worker gets a request. `least-busy`: the one with the fewest open requests. `round-robin`: each in turn. `sticky`:
 * all requests of a session go to the same one, chosen by session id.
 */
export type WorkerPolicy = 'least-busy' | 'round-robin' | 'sticky';

const POLICIES: readonly string[] = ['least-busy', 'round-robin', 'sticky'] satisfies WorkerPolicy[];

/** The server's `workers` option. */
export interface WorkerOptions {
  /** File URL or path (relative to the working directory) of the module that handles the requests; ESM or CommonJS. */
  readonly module: string | URL;
  /** Worker threads. Default: one less than the machine has processors, at least 1. */
  readonly count?: number;
  /** Default 'least-busy'. */
  readonly policy?: WorkerPolicy;
  /** Body bytes under way to or from a worker, each stream and direction. Default 262,144 (256 KiB); at least 16,384. */
  readonly window?: number;
  /** Time for a worker to load its module, milliseconds; 0: no limit. Default 30,000. */
  readonly startTimeout?: number;
  /** Time for the module's `close` function when the server closes, milliseconds; 0: no limit. Default 5,000. */
  readonly closeTimeout?: number;
  /** As `new Worker` takes them: given to each worker. */
  readonly workerData?: unknown;
  readonly argv?: readonly string[];
  /** Default: this process's environment, copied. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: this process's. */
  readonly execArgv?: readonly string[];
  readonly resourceLimits?: ResourceLimits;
}

/** {@link WorkerOptions} with its defaults. */
export interface ResolvedWorkerOptions {
  readonly moduleUrl: string;
  readonly count: number;
  readonly policy: WorkerPolicy;
  readonly window: number;
  readonly startTimeout: number;
  readonly closeTimeout: number;
  /** The server's option. */
  readonly sendDate: boolean;
  readonly workerData: unknown;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly resourceLimits: ResourceLimits | undefined;
}

const DEFAULT_WINDOW_BYTES = 256 * 1024;
const MIN_WINDOW_BYTES = 16 * 1024;
const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;
const MAX_WORKERS = 1024;

/** @throws InvalidArgumentError for what cannot be used */
export function resolveWorkerOptions(options: WorkerOptions, sendDate: boolean): ResolvedWorkerOptions {
  const policy = options.policy ?? 'least-busy';
  if (!POLICIES.includes(policy)) {
    throw new InvalidArgumentError(`workers.policy: must be one of ${POLICIES.join(', ')}, not ${String(policy)}`);
  }
  return {
    moduleUrl: moduleUrl(options.module),
    count: count('workers.count', options.count, Math.max(availableParallelism() - 1, 1), MAX_WORKERS, 1),
    policy,
    window: count('workers.window', options.window, DEFAULT_WINDOW_BYTES, Number.MAX_SAFE_INTEGER, MIN_WINDOW_BYTES),
    startTimeout: time('workers.startTimeout', options.startTimeout, DEFAULT_START_TIMEOUT_MS) || MAX_TIME,
    closeTimeout: time('workers.closeTimeout', options.closeTimeout, DEFAULT_CLOSE_TIMEOUT_MS) || MAX_TIME,
    sendDate,
    workerData: options.workerData,
    argv: options.argv ?? [],
    env: options.env,
    execArgv: options.execArgv,
    resourceLimits: options.resourceLimits,
  };
}

function moduleUrl(module: string | URL): string {
  if (module instanceof URL || String(module).startsWith('file:')) {
    const { href, protocol } = new URL(module);
    if (protocol === 'file:') return href;
  } else if (typeof module === 'string' && module !== '') {
    return pathToFileURL(resolve(module)).href;
  }
  throw new InvalidArgumentError(`workers.module: must be a path or a file URL, not '${String(module)}'`);
}
