import { EventEmitter } from 'node:events';
import { Http3Error } from '../../errors.js';
import type { ServerHttp3Stream, StreamListener } from '../server-types.js';
import { DispatchPolicy } from './dispatch-policy.js';
import { resolveWorkerOptions, type WorkerOptions } from './worker-options.js';
import { WorkerSlot, type WorkerSlotListener, type WorkerStats } from './worker-slot.js';

const SERVICE_UNAVAILABLE = 503;

/** Events of a {@link WorkerPool}. */
export interface WorkerPoolEvents {
  /**
   * A worker ended without being asked to, or could not start; it is replaced. `wasReady`: its module was loaded before.
   * Failures to start during {@link WorkerPool.start} are its rejection instead.
   */
  workerError: [error: Error, wasReady: boolean];
  /** A worker loaded its module and takes requests. */
  workerReady: [threadId: number];
}

/** Figures of a {@link WorkerPool}. */
export interface WorkerPoolStats {
  readonly openRequests: number;
  /** Requests given to workers, and requests answered with 503 because there was none. */
  readonly requests: number;
  readonly refused: number;
  /** Workers that died. */
  readonly deaths: number;
  readonly workers: readonly WorkerStats[];
}

/**
 * Worker threads that serve the requests of a server. {@link WorkerPool.dispatch} is the server's 'stream' listener.
 *
 * A worker that dies takes only its own requests with it: those whose response has not begun are answered with 502, the
 * others are reset with H3_INTERNAL_ERROR. It is replaced at once; after a delay of 100 ms that doubles up to 10 s if its
 * replacement cannot load the module, or after the sixth time in a row that one died within a second. While no worker runs or
 * starts, requests are answered with 503.
 */
export class WorkerPool extends EventEmitter<WorkerPoolEvents> {
  readonly #slots: readonly WorkerSlot[];
  readonly #policy: DispatchPolicy;
  #refused = 0;
  #started = false;
  #closing: Promise<void> | undefined;
  #closed = false;
  #onStarted: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #onIdle: (() => void) | undefined;

  /**
   * @param sendDate the server's option: responses get a Date field
   * @throws InvalidArgumentError for options that cannot be used
   */
  constructor(options: WorkerOptions, sendDate = true) {
    super();
    const resolved = resolveWorkerOptions(options, sendDate);
    const listener: WorkerSlotListener = {
      onWorkerReady: (threadId) => this.#onWorkerReady(threadId),
      onWorkerError: (error, wasReady) => this.#onWorkerError(error, wasReady),
      onStreamSettled: () => this.#onStreamSettled(),
    };
    this.#slots = Array.from({ length: resolved.count }, () => new WorkerSlot(resolved, listener));
    this.#policy = new DispatchPolicy(resolved.policy, this.#slots);
  }

  /**
   * Starts the workers; settles when all are ready. Call it once.
   *
   * @throws Http3Error (`ERR_HTTP3_WORKER`) if one cannot start, with the reason as its cause; all are ended then
   */
  async start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.#onStarted = { resolve, reject };
    });
    for (const slot of this.#slots) slot.start();
    try {
      await started;
    } catch (error) {
      await this.close(false);
      throw error;
    }
  }

  /** Gives a request to a worker. */
  readonly dispatch: StreamListener = (stream, _headers, flags, rawHeaders) => {
    const thread = this.#closed ? undefined : this.#policy.choose(stream);
    if (thread === undefined) this.#refuse(stream);
    else thread.dispatch(stream, flags, rawHeaders);
  };

  stats(): WorkerPoolStats {
    const workers = this.#slots.map((slot) => slot.stats);
    return {
      openRequests: this.#openRequests,
      requests: workers.reduce((sum, worker) => sum + worker.requests, 0),
      refused: this.#refused,
      deaths: workers.reduce((sum, worker) => sum + worker.deaths, 0),
      workers,
    };
  }

  /**
   * Ends the workers; settles when all threads are gone. Idempotent.
   *
   * @param graceful wait for the open requests, then let the modules' `close` functions run; otherwise end the threads at
   *   once, which settles their requests as when a worker dies. Default true.
   */
  close(graceful = true): Promise<void> {
    if (!graceful) this.#onIdle?.();
    this.#closing ??= this.#close(graceful);
    return this.#closing;
  }

  async #close(graceful: boolean): Promise<void> {
    if (!this.#started) this.#onStarted?.reject(new Http3Error('ERR_HTTP3_WORKER', 'The workers were ended'));
    if (graceful && this.#openRequests > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#closed = true;
    await Promise.all(this.#slots.map((slot) => slot.close(graceful && slot.openRequests === 0)));
  }

  get #openRequests(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.openRequests, 0);
  }

  #onWorkerReady(threadId: number): void {
    if (!this.#started && this.#slots.every((slot) => slot.state === 'ready')) {
      this.#started = true;
      this.#onStarted?.resolve();
    }
    this.emit('workerReady', threadId);
  }

  #onWorkerError(error: Error, wasReady: boolean): void {
    if (this.#started) this.emit('workerError', error, wasReady);
    else this.#onStarted?.reject(error);
  }

  #onStreamSettled(): void {
    if (this.#onIdle !== undefined && this.#openRequests === 0) this.#onIdle();
  }

  #refuse(stream: ServerHttp3Stream): void {
    this.#refused += 1;
    stream.on('error', () => undefined);
    stream.respond({ ':status': SERVICE_UNAVAILABLE, 'retry-after': '1' }, { endStream: true });
  }
}
