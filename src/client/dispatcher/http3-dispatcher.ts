import type { Dispatcher } from 'undici';
import { asError, ClientClosedError, ClientDestroyedError, InvalidArgumentError } from '../../errors.js';
import type { Http3DispatchOptions } from './dispatch-request.js';
import { TypedDispatcherBase } from './typed-dispatcher.js';

/** Of `close` and `destroy`: called once, when it is done. */
export type DoneCallback = (error: Error | null, value: null) => void;

/**
 * What Http3Client and Http3Agent have in common: the life of an undici Dispatcher, with the errors and the order of undici's own.
 *
 * `close` takes no new requests and waits for those under way; `destroy` ends them. Both give a promise without a callback.
 */
export abstract class Http3Dispatcher extends TypedDispatcherBase {
  #closing: Promise<void> | undefined;
  #destroying: Promise<void> | undefined;

  /** `close` or `destroy` was called. */
  get closed(): boolean {
    return this.#closing !== undefined || this.destroyed;
  }

  /** `destroy` was called, or a close is complete. */
  get destroyed(): boolean {
    return this.#destroying !== undefined;
  }

  override dispatch(...args: never): never;
  /**
   * Begins a request.
   *
   * @param options undici's DispatchOptions
   * @param handler undici's DispatchHandler, of either generation; told of everything that happens, errors of `options` included
   * @returns false if no more should be dispatched before 'drain'
   * @throws InvalidArgumentError if `handler` is none
   */
  override dispatch(options: Http3DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (typeof handler !== 'object' || handler === null) throw new InvalidArgumentError('handler must be an object');
    try {
      if (typeof options !== 'object' || options === null) throw new InvalidArgumentError('opts must be an object.');
      if (this.destroyed) throw new ClientDestroyedError('The client is destroyed');
      if (this.closed) throw new ClientClosedError('The client is closed');
      return this.startDispatch(options, handler);
    } catch (error) {
      refuse(handler, asError(error));
      return false;
    }
  }

  override close(): Promise<void>;
  override close(callback: DoneCallback): void;
  override close(callback?: DoneCallback): Promise<void> | undefined {
    if (callback === undefined) return this.#close();
    checkCallback(callback);
    settleWith(this.#close(), callback);
    return undefined;
  }

  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: DoneCallback): void;
  override destroy(error: Error | null, callback: DoneCallback): void;
  override destroy(error?: Error | null | DoneCallback, callback?: DoneCallback): Promise<void> | undefined {
    if (typeof error === 'function') return this.destroy(null, error) as undefined;
    const destroyed = this.#destroy(error ?? undefined);
    if (callback === undefined) return destroyed;
    checkCallback(callback);
    settleWith(destroyed, callback);
    return undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Begins a request whose arguments are objects, on a dispatcher that is open. What it throws goes to the handler. */
  protected abstract startDispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;

  /** Resolves when all requests have ended; called once. */
  protected abstract finishRequests(): Promise<void>;

  /** Ends everything, requests with `error`; called once. */
  protected abstract endEverything(error: Error): Promise<void>;

  #close(): Promise<void> {
    if (this.#closing === undefined && this.destroyed) {
      return Promise.reject(new ClientDestroyedError('The client is destroyed'));
    }
    this.#closing ??= this.finishRequests().then(() => this.#destroy(undefined));
    return this.#closing;
  }

  #destroy(error: Error | undefined): Promise<void> {
    this.#destroying ??= this.endEverything(error ?? new ClientDestroyedError('The client is destroyed'));
    return this.#destroying;
  }
}

function refuse(handler: Dispatcher.DispatchHandler, error: Error): void {
  if (typeof handler.onResponseError === 'function') handler.onResponseError(REFUSED, error);
  else if (typeof handler.onError === 'function') handler.onError(error);
  else throw error;
}

/** The controller of a request that never was one. */
const REFUSED: Dispatcher.DispatchController = Object.freeze({
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
});

function checkCallback(callback: unknown): void {
  if (typeof callback !== 'function') throw new InvalidArgumentError('invalid callback');
}

function settleWith(done: Promise<void>, callback: DoneCallback): void {
  done.then(
    () => callback(null, null),
    (error: unknown) => callback(asError(error), null),
  );
}
