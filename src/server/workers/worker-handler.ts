import { InvalidArgumentError } from '../../errors.js';
import { type RequestListener, toStreamListener } from '../compat/request-listener.js';
import type { StreamListener } from '../server-types.js';

/**
 * What a worker's module exports by default (CommonJS: `module.exports`), unless that is the request listener itself.
 * At least one of `request` and `stream` is needed.
 */
export interface WorkerModule {
  /** As the server's 'request' event. */
  readonly request?: RequestListener;
  /** As the server's 'stream' event: the stream without the compatibility request and response. */
  readonly stream?: StreamListener;
  /** Runs, and is awaited, before the worker takes requests. What it throws ends the worker. */
  readonly init?: () => unknown;
  /** Runs, and is awaited, when the server closes, after the last request; the thread ends then. */
  readonly close?: () => unknown;
}

/** A worker's module, ready to serve. */
export interface WorkerHandler {
  readonly onStream: StreamListener;
  readonly init: () => unknown;
  readonly close: () => unknown;
}

/** @throws InvalidArgumentError if the module exports no listener; and whatever the module throws */
export async function loadHandler(moduleUrl: string): Promise<WorkerHandler> {
  const namespace = (await import(moduleUrl)) as Record<string, unknown>;
  const exported = defaultExport(namespace);
  const module = (typeof exported === 'function' ? { request: exported } : exported) as WorkerModule;
  for (const name of ['request', 'stream', 'init', 'close'] as const) {
    if (module[name] !== undefined && typeof module[name] !== 'function') {
      throw new InvalidArgumentError(`${moduleUrl}: ${name} is no function`);
    }
  }
  const { request, stream } = module;
  if (request === undefined && stream === undefined) {
    throw new InvalidArgumentError(`${moduleUrl}: exports neither a request listener nor { request } nor { stream }`);
  }
  const onRequest = request && toStreamListener(request);
  return {
    onStream: (...args) => {
      stream?.(...args);
      onRequest?.(...args);
    },
    init: () => module.init?.(),
    close: () => module.close?.(),
  };
}

/** The default export; also of a CommonJS module that was compiled from an ES module; or the module's named exports. */
function defaultExport(namespace: Record<string, unknown>): unknown {
  const exported = namespace.default ?? namespace;
  if (typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported) {
    return exported.default;
  }
  return exported;
}
