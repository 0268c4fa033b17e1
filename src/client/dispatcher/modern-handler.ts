import type { Duplex } from 'node:stream';
import { type Dispatcher, util } from 'undici';
import type { HandlerPort } from './handler-port.js';
import type { RawFields, RequestController } from './request-controller.js';

/** Handlers as undici 8 wants them, and undici 7 may have them. Everything but `onRequestStart` may be missing. */
export type ModernDispatchHandler = Pick<
  Dispatcher.DispatchHandler,
  'onRequestStart' | 'onRequestUpgrade' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
> & {
  onBodySent?(chunk: Uint8Array): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
};

type Headers = Dispatcher.ResponseData['headers'];

/** Speaks to a handler that has a controller. */
export class ModernHandler implements HandlerPort {
  readonly #handler: ModernDispatchHandler;

  constructor(handler: ModernDispatchHandler) {
    this.#handler = handler;
  }

  get watchesBody(): boolean {
    return this.#handler.onBodySent !== undefined;
  }

  start(controller: RequestController): void {
    this.#handler.onRequestStart?.(controller, undefined);
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

  responseStart(controller: RequestController, status: number, rawHeaders: RawFields, statusText: string): void {
    this.#handler.onResponseStart?.(controller, status, toHeaders(rawHeaders), statusText);
  }

  data(controller: RequestController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  end(controller: RequestController, rawTrailers: RawFields): void {
    this.#handler.onResponseEnd?.(controller, toHeaders(rawTrailers));
  }

  error(controller: RequestController, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }

  upgrade(controller: RequestController, status: number, rawHeaders: RawFields, socket: Duplex): void {
    this.#handler.onRequestUpgrade?.(controller, status, toHeaders(rawHeaders), socket);
  }
}

/** As undici makes it: names in lower case; a string, or a list for several fields of one name. */
function toHeaders(fields: RawFields): Headers {
  return util.parseHeaders(fields as (string | Buffer)[]);
}
