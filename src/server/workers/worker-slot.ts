import { Http3Error } from '../../errors.js';
import type { ResolvedWorkerOptions } from './worker-options.js';
import { WorkerThread } from './worker-thread.js';

/** A worker that died this soon after it was ready had a short life. */
const SHORT_LIFE_MS = 1_000;
/**
 * So many short lives in a row are replaced at once: requests that crash a worker must not take the place from the others. More
 * would be a loop of starts that keeps a processor busy.
 */
const MAX_SHORT_LIVES = 5;
/** Delay before a replacement; doubled for each further one in a row. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** `waiting`: between the end of a worker and the start of the next, if that is delayed. */
export type WorkerState = 'starting' | 'ready' | 'waiting' | 'stopped';

export interface WorkerSlotListener {
  /** A worker ended, or could not start, without being asked to. `wasReady`: it had loaded its module. */
  onWorkerError(error: Error, wasReady: boolean): void;
  /** A worker loaded its module. */
  onWorkerReady(threadId: number): void;
  /** A stream of this slot is gone. */
  onStreamSettled(): void;
}

/** Figures of one worker. */
export interface WorkerStats {
  readonly state: WorkerState;
  /** -1 if there is no thread now. */
  readonly threadId: number;
  readonly openRequests: number;
  /** Requests given to this place's workers since the start. */
  readonly requests: number;
  /** Workers of this place that died. */
  readonly deaths: number;
  /** Body bytes sent to the worker that its handlers have not read, and received from it that QUIC has not taken. */
  readonly requestBytesInFlight: number;
  readonly responseBytesInFlight: number;
}

/** A place for a worker: keeps one running, and waits longer and longer if it cannot start, or never lives long. */
export class WorkerSlot {
  readonly #options: ResolvedWorkerOptions;
  readonly #listener: WorkerSlotListener;
  #thread: WorkerThread | undefined;
  #state: WorkerState = 'stopped';
  #requestsBefore = 0;
  #deaths = 0;
  /** The first worker loaded its module. Before that a failure is the pool's, and not repeated. */
  #proven = false;
  #shortLives = 0;
  /** Replacements in a row that have to wait. */
  #delays = 0;
  #readyAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #onGone: (() => void) | undefined;

  constructor(options: ResolvedWorkerOptions, listener: WorkerSlotListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** The running thread; undefined while the slot waits, and after its end. */
  get thread(): WorkerThread | undefined {
    return this.#thread;
  }

  get openRequests(): number {
    return this.#thread?.openRequests ?? 0;
  }

  get stats(): WorkerStats {
    return {
      state: this.#state,
      threadId: this.#thread?.threadId ?? -1,
      openRequests: this.openRequests,
      requests: this.#requestsBefore + (this.#thread?.requests ?? 0),
      deaths: this.#deaths,
      requestBytesInFlight: this.#thread?.inFlight.request ?? 0,
      responseBytesInFlight: this.#thread?.inFlight.response ?? 0,
    };
  }

  start(): void {
    this.#state = 'starting';
    const thread = new WorkerThread(this.#options, {
      onReady: () => this.#onReady(thread),
      onExit: (error) => this.#onExit(thread, error),
      onStreamSettled: () => this.#listener.onStreamSettled(),
    });
    this.#thread = thread;
    const timeout = this.#options.startTimeout;
    this.#timer = setTimeout(() => {
      thread.terminate(new Http3Error('ERR_HTTP3_WORKER', `its module was not loaded within ${timeout} ms`));
    }, timeout).unref();
  }

  #onReady(thread: WorkerThread): void {
    clearTimeout(this.#timer);
    this.#state = 'ready';
    this.#proven = true;
    this.#readyAt = performance.now();
    this.#listener.onWorkerReady(thread.threadId);
  }

  #onExit(thread: WorkerThread, error: Error | undefined): void {
    clearTimeout(this.#timer);
    this.#thread = undefined;
    this.#requestsBefore += thread.requests;
    const wasReady = this.#state === 'ready';
    if (error === undefined) {
      this.#state = 'stopped';
    } else {
      this.#deaths += 1;
      this.#countDeath(wasReady);
      this.#state = 'waiting';
      if (this.#proven && this.#onGone === undefined) this.#startLater();
      this.#listener.onWorkerError(error, wasReady);
    }
    this.#onGone?.();
  }

  #countDeath(wasReady: boolean): void {
    if (!wasReady) {
      this.#delays += 1;
      return;
    }
    const wasShort = performance.now() - this.#readyAt < SHORT_LIFE_MS;
    this.#shortLives = wasShort ? this.#shortLives + 1 : 0;
    this.#delays = Math.max(0, this.#shortLives - MAX_SHORT_LIVES);
  }

  #startLater(): void {
    if (this.#delays === 0) {
      this.start();
      return;
    }
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (this.#delays - 1), MAX_DELAY_MS);
    this.#timer = setTimeout(() => this.start(), delay).unref();
  }

  /**
   * Ends the slot; no worker starts any more. Settles when the thread is gone.
   *
   * @param graceful let the module's `close` function run first, up to `closeTimeout`
   */
  async close(graceful: boolean): Promise<void> {
    const thread = this.#thread;
    clearTimeout(this.#timer);
    if (thread === undefined) {
      this.#state = 'stopped';
      return;
    }
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    if (graceful && this.#state === 'ready') {
      thread.shutDown();
      this.#timer = setTimeout(() => thread.terminate(), this.#options.closeTimeout);
    } else {
      thread.terminate();
    }
    await gone;
    this.#state = 'stopped';
  }
}
