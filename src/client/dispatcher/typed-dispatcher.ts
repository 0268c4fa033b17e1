import type { Duplex } from 'node:stream';
import { Dispatcher, type errors } from 'undici';
import type { Http3RequestExtras } from './dispatch-request.js';

/** Events of an Http3Agent and an Http3Client: undici's, and two of our own. */
export interface Http3DispatcherEvents {
  /** A connection is established, over QUIC or TCP. */
  connect: [origin: URL, targets: readonly Dispatcher[]];
  /** An established connection is over. */
  disconnect: [origin: URL, targets: readonly Dispatcher[], error: errors.UndiciError];
  /** No connection could be made. Over QUIC it fails no request that TCP may carry. */
  connectionError: [origin: URL, targets: readonly Dispatcher[], error: errors.UndiciError];
  /** After `dispatch` returned false: there is room again. */
  drain: [origin: URL, targets: readonly Dispatcher[]];
  /** A PING was acknowledged (`pingInterval`); its round trip in milliseconds. */
  ping: [ms: number, origin: URL];
  /** The store failed; requests are not concerned. */
  storeError: [error: unknown];
}

type Listener<E extends keyof Http3DispatcherEvents> = (...args: Http3DispatcherEvents[E]) => void;
type RequestOptions<TOpaque> = Dispatcher.RequestOptions<TOpaque> & Http3RequestExtras;
type PipelineOptions<TOpaque> = Dispatcher.PipelineOptions<TOpaque> & Http3RequestExtras;

/**
 * undici's Dispatcher with the events and request options of this package's.
 *
 * Declarations of different versions of undici (7, 8, and those that @types/node has for the built-in `fetch`) differ in details of what
 * the methods take, such as deprecated methods of handlers, so that a Dispatcher of one is none of the other to TypeScript, though it is
 * at run time. The overloads `(...args: never): never` cannot be called; they are what is assignable to each version's declaration.
 */
export interface TypedDispatcher extends Dispatcher {
  dispatch(...args: never): never;
  dispatch(options: Dispatcher.DispatchOptions & Http3RequestExtras, handler: Dispatcher.DispatchHandler): boolean;

  request(...args: never): never;
  request<TOpaque = null>(
    options: RequestOptions<TOpaque>,
    callback: (error: Error | null, data: Dispatcher.ResponseData<TOpaque>) => void,
  ): void;
  request<TOpaque = null>(options: RequestOptions<TOpaque>): Promise<Dispatcher.ResponseData<TOpaque>>;

  stream(...args: never): never;
  stream<TOpaque = null>(
    options: RequestOptions<TOpaque>,
    factory: Dispatcher.StreamFactory<TOpaque>,
    callback: (error: Error | null, data: Dispatcher.StreamData<TOpaque>) => void,
  ): void;
  stream<TOpaque = null>(
    options: RequestOptions<TOpaque>,
    factory: Dispatcher.StreamFactory<TOpaque>,
  ): Promise<Dispatcher.StreamData<TOpaque>>;

  pipeline(...args: never): never;
  pipeline<TOpaque = null>(options: PipelineOptions<TOpaque>, handler: Dispatcher.PipelineHandler<TOpaque>): Duplex;

  connect(...args: never): never;
  connect<TOpaque = null>(
    options: Dispatcher.ConnectOptions<TOpaque>,
    callback: (error: Error | null, data: Dispatcher.ConnectData<TOpaque>) => void,
  ): void;
  connect<TOpaque = null>(options: Dispatcher.ConnectOptions<TOpaque>): Promise<Dispatcher.ConnectData<TOpaque>>;

  upgrade(...args: never): never;
  upgrade(
    options: Dispatcher.UpgradeOptions,
    callback: (error: Error | null, data: Dispatcher.UpgradeData) => void,
  ): void;
  upgrade(options: Dispatcher.UpgradeOptions): Promise<Dispatcher.UpgradeData>;

  compose(...args: never): never;
  compose(interceptors: Dispatcher.DispatcherComposeInterceptor[]): TypedDispatcher;
  compose(...interceptors: Dispatcher.DispatcherComposeInterceptor[]): TypedDispatcher;
  /** Interceptors of another version of undici. */
  compose(...interceptors: ((dispatch: never) => unknown)[]): TypedDispatcher;

  on(...args: never): never;
  on<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  once(...args: never): never;
  once<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  off(...args: never): never;
  off<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  addListener(...args: never): never;
  addListener<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  removeListener(...args: never): never;
  removeListener<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  prependListener(...args: never): never;
  prependListener<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  prependOnceListener(...args: never): never;
  prependOnceListener<E extends keyof Http3DispatcherEvents>(event: E, listener: Listener<E>): this;
  listeners(...args: never): never;
  listeners<E extends keyof Http3DispatcherEvents>(event: E): Listener<E>[];
  rawListeners(...args: never): never;
  rawListeners<E extends keyof Http3DispatcherEvents>(event: E): Listener<E>[];
  emit(...args: never): never;
  emit<E extends keyof Http3DispatcherEvents>(event: E, ...args: Http3DispatcherEvents[E]): boolean;
}

/** A dispatcher of any version of undici. */
export interface AnyDispatcher {
  dispatch(options: never, handler: never): boolean;
}

/** undici's class, which says the same of itself in its own types. */
export const TypedDispatcherBase = Dispatcher as unknown as new () => TypedDispatcher;
