import type { Duplex } from 'node:stream';
import type { HandlerPort } from './handler-port.js';
import type { RawFields, RequestController } from './request-controller.js';

/** Handlers as undici up to 7 has them, and the `fetch` of Node.js 20, 22 and 24. */
export interface LegacyDispatchHandler {
  onConnect(abort: (reason?: Error) => void, context?: unknown): void;
  onError(error: Error): void;
  onHeaders?(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean | undefined;
  onData?(chunk: Buffer): boolean | undefined;
  onComplete?(trailers: Buffer[]): void;
  onUpgrade?(status: number, headers: Buffer[], socket: Duplex): void;
  onBodySent?(chunk: Uint8Array): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
}

/** First status of a final response. */
const FINAL = 200;

/** Speaks to a handler that pauses by returning false. */
export class LegacyHandler implements HandlerPort {
  readonly #handler: LegacyDispatchHandler;

  constructor(handler: LegacyDispatchHandler) {
    this.#handler = handler;
  }

  get watchesBody(): boolean {
    return this.#handler.onBodySent !== undefined;
  }

  start(controller: RequestController): void {
    this.#handler.onConnect((reason) => controller.abort(reason));
  }

  bodySent(chunk: Uint8Array): void {
    this.#handler.onBodySent?.(chunk);
  }

  requestSent(): void {
    this.#handler.onRequestSent?.();
  }

  responseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  responseStart(controller: RequestController, status: number, _rawHeaders: RawFields, statusText: string): void {
    const goOn = this.#handler.onHeaders?.(status, controller.rawHeaders ?? [], () => controller.resume(), statusText);
    // Of an interim response undici ignores it: the handler means the body, and its `resume` would never be called.
    if (goOn === false && status >= FINAL) controller.pause();
  }

  data(controller: RequestController, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  end(controller: RequestController): void {
    this.#handler.onComplete?.(controller.rawTrailers ?? []);
  }

  error(_controller: RequestController, error: Error): void {
    this.#handler.onError(error);
  }

  upgrade(controller: RequestController, status: number, _rawHeaders: RawFields, socket: Duplex): void {
    this.#handler.onUpgrade?.(status, controller.rawHeaders ?? [], socket);
  }
}
