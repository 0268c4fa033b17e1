import { Http3Error } from '../../errors.js';
import type { ResolvedWorkerOptions } from './worker-options.js';
import { WorkerThread } from './worker-thread.js';

/** A worker that ran this long, ready, before it died was not at fault at its start: its replacement starts at once. */
const STABLE_AFTER_MS = 5_000;
/** Delay before the second replacement in a row; doubled for each further one. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** `waiting`: between the end of a worker that died at its start and the start of the next. */
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

/** A place for a worker: keeps one running, and waits longer and longer if it dies at its start again and again. */
export class WorkerSlot {
  readonly #options: ResolvedWorkerOptions;
  readonly #listener: WorkerSlotListener;
  #thread: WorkerThread | undefined;
  #state: WorkerState = 'stopped';
  #requestsBefore = 0;
  #deaths = 0;
  /** The first worker loaded its module. Before that a failure is the pool's, and not repeated. */
  #proven = false;
  #earlyDeaths = 0;
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
      const wasStable = wasReady && performance.now() - this.#readyAt >= STABLE_AFTER_MS;
      this.#earlyDeaths = wasStable ? 0 : this.#earlyDeaths + 1;
      this.#state = 'waiting';
      if (this.#proven && this.#onGone === undefined) this.#startLater();
      this.#listener.onWorkerError(error, wasReady);
    }
    this.#onGone?.();
  }

  #startLater(): void {
    if (this.#earlyDeaths <= 1) {
      this.start();
      return;
    }
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (this.#earlyDeaths - 2), MAX_DELAY_MS);
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
