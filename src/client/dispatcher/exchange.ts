import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { asError, InvalidArgumentError, RequestAbortedError, reportUncaught } from '../../errors.js';
import type { ResponseConnectionInfo } from './connection-info.js';
import { publishResponse, responseWatched } from './diagnostics.js';
import type { DispatchRequest } from './dispatch-request.js';
import type { HandlerPort } from './handler-port.js';
import { type LegacyDispatchHandler, LegacyHandler } from './legacy-handler.js';
import { type ModernDispatchHandler, ModernHandler } from './modern-handler.js';
import { type ControlledExchange, type RawFields, RequestController } from './request-controller.js';

/** Whoever has a request under way: a leg, or the race between two. */
export interface Carrier {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/**
 * A dispatched request and the handler that hears of it, whichever way the request goes and however often it is tried.
 *
 * The handler's methods are called in undici's order; what one of them throws aborts the request with that error. Exactly one
 * of `end`, `fail`, `upgrade` and the handler's own abort settles the exchange; nothing is called afterwards, but that a handler
 * whose `end` throws gets its error back, as from undici.
 */
export class Exchange implements ControlledExchange {
  readonly request: DispatchRequest;
  readonly controller: RequestController;
  /** When the request was dispatched, in milliseconds of `performance.now()`. */
  readonly start = performance.now();
  /** Told of abort, pause and resume. */
  carrier: Carrier | undefined;
  /** Called once, after the handler has heard how the request ended. */
  onSettled: (() => void) | undefined;
  readonly #handler: HandlerPort;
  #settled = false;
  #answered = false;

  /** @throws InvalidArgumentError for a handler that undici would refuse */
  constructor(request: DispatchRequest, handler: Dispatcher.DispatchHandler) {
    this.request = request;
    this.#handler = toHandlerPort(handler, request);
    this.controller = new RequestController(this);
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Somebody wants to hear `bodySent`. */
  get watchesBody(): boolean {
    return this.#handler.watchesBody;
  }

  /** Somebody wants to hear `connection`. */
  get watchesConnection(): boolean {
    return this.request.onConnectionInfo !== undefined || responseWatched();
  }

  /**
   * Tells the handler that its request is under way: once, before anything else is done for it.
   *
   * @returns false if it was aborted at once
   */
  begin(): boolean {
    this.#tell(() => this.#handler.start(this.controller));
    // Nobody reads the body while a connection is made: if it fails then, the request has failed.
    if (!this.#settled) this.request.body.watch((error) => this.abort(error));
    return !this.#settled;
  }

  bodySent(chunk: Uint8Array): void {
    if (!this.#settled) this.#tell(() => this.#handler.bodySent(chunk));
  }

  requestSent(): void {
    if (!this.#settled) this.#tell(() => this.#handler.requestSent());
  }

  responseStarted(): void {
    if (!this.#settled) this.#tell(() => this.#handler.responseStarted());
  }

  /** Which connection answers; before `responseStart` of the final response. */
  connection(info: ResponseConnectionInfo): void {
    if (this.#settled) return;
    publishResponse(this.request, info);
    this.#tell(() => this.request.onConnectionInfo?.(info));
  }

  /** An interim or the final response's header section. */
  responseStart(status: number, rawHeaders: RawFields, statusText = ''): void {
    if (this.#settled) return;
    this.controller.rawHeaders = rawHeaders;
    this.#answered = true;
    try {
      this.#handler.responseStart(this.controller, status, rawHeaders, statusText);
    } catch (error) {
      this.abort(asError(error));
    }
  }

  /** @returns false if the handler wants no more for now */
  data(chunk: Buffer): boolean {
    if (this.#settled) return false;
    try {
      this.#handler.data(this.controller, chunk);
    } catch (error) {
      this.abort(asError(error));
    }
    return !this.controller.paused;
  }

  end(rawTrailers: RawFields): void {
    if (this.#settled) return;
    this.#settled = true;
    this.controller.rawTrailers = rawTrailers;
    try {
      this.#handler.end(this.controller, rawTrailers);
    } catch (error) {
      this.#tellError(asError(error));
    }
    this.onSettled?.();
  }

  fail(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.request.body.discard(error);
    // In the turn in which it got the header section, undici's fetch is deaf for an error, and would wait for ever.
    if (this.#answered) setImmediate(() => this.#endWith(error));
    else this.#endWith(error);
  }

  upgrade(status: number, rawHeaders: RawFields, socket: Duplex): void {
    if (this.#settled) return;
    this.#settled = true;
    this.controller.rawHeaders = rawHeaders;
    try {
      this.#handler.upgrade(this.controller, status, rawHeaders, socket);
    } catch (error) {
      // Nobody has taken it.
      socket.destroy();
      this.#tellError(asError(error));
    }
    this.onSettled?.();
  }

  /** Ends the request, wherever it is. */
  abort(reason: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.carrier?.abort(reason);
    this.request.body.discard(reason);
    this.#tellError(reason);
    this.onSettled?.();
  }

  abortedByHandler(reason: unknown): void {
    // undici hands on as it is what it was given, error or not.
    this.abort((reason ?? new RequestAbortedError()) as Error);
  }

  paused(): void {
    if (!this.#settled) this.carrier?.pause();
  }

  resumed(): void {
    if (!this.#settled) this.carrier?.resume();
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.abort(asError(error));
    }
  }

  #endWith(error: Error): void {
    this.#tellError(error);
    this.onSettled?.();
  }

  #tellError(error: Error): void {
    try {
      this.#handler.error(this.controller, error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}

/** undici's own checks, with its messages. */
function toHandlerPort(handler: unknown, request: DispatchRequest): HandlerPort {
  if (typeof handler !== 'object' || handler === null) throw new InvalidArgumentError('handler must be an object');
  if ('onRequestStart' in handler && typeof handler.onRequestStart === 'function') {
    return new ModernHandler(handler as ModernDispatchHandler);
  }
  const legacy = handler as Partial<Record<keyof LegacyDispatchHandler, unknown>>;
  const answer =
    request.needsTcp === undefined ? (['onHeaders', 'onData', 'onComplete'] as const) : (['onUpgrade'] as const);
  for (const name of ['onConnect', 'onError', ...answer] as const) {
    if (typeof legacy[name] !== 'function') throw new InvalidArgumentError(`invalid ${name} method`);
  }
  if (legacy.onBodySent !== undefined && typeof legacy.onBodySent !== 'function') {
    throw new InvalidArgumentError('invalid onBodySent method');
  }
  return new LegacyHandler(handler as LegacyDispatchHandler);
}
