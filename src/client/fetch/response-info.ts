import { type Dispatcher, Response } from 'undici';
import type { ResponseConnectionInfo } from '../dispatcher/connection-info.js';

/** Of the responses that this package's fetch returned; they are held by their users only. */
const infos = new WeakMap<object, ResponseConnectionInfo>();

/**
 * Tells which connection brought a response of this package's `fetch` (or one made by `createFetch`), after redirects the last one: its
 * protocol, addresses, whether the request went in 0-RTT, and timings. A clone's is that of the response.
 *
 * @returns undefined for a response of another fetch, and for one that no connection brought: made by hand, of a `data:` or `blob:` URL,
 *   from a cache, of a mock, or of a dispatcher that is not this package's
 */
export function getConnectionInfo(response: Response | globalThis.Response): ResponseConnectionInfo | undefined {
  return infos.get(response);
}

/** Takes note of the connection that brings a response: stands between one call of fetch and its dispatcher. */
export class ConnectionObserver {
  readonly #dispatcher: Dispatcher;
  #info: ResponseConnectionInfo | undefined;

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
  }

  /** undici's fetch gives its MockAgent the body as the user gave it. */
  get isMockActive(): unknown {
    return Reflect.get(this.#dispatcher, 'isMockActive');
  }

  /** Called by undici's fetch, once for each redirect. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#info = undefined;
    const onConnectionInfo = (info: ResponseConnectionInfo): void => {
      this.#info = info;
    };
    const observed: Dispatcher.DispatchOptions & { readonly onConnectionInfo: typeof onConnectionInfo } = {
      ...options,
      onConnectionInfo,
    };
    return this.#dispatcher.dispatch(observed, handler);
  }

  /** Remembers what was noted, for {@link getConnectionInfo}. */
  attachTo(response: Response): void {
    if (this.#info !== undefined) remember(response, this.#info);
  }
}

function remember(response: Response, info: ResponseConnectionInfo): void {
  infos.set(response, info);
  Object.defineProperty(response, 'clone', CLONE);
}

/** Shared by all responses. undici does not say which response a clone was made of, so `clone` itself has to. */
const CLONE: PropertyDescriptor = {
  configurable: true,
  enumerable: false,
  writable: true,
  value: function clone(this: Response): Response {
    const copy = Response.prototype.clone.call(this);
    const info = infos.get(this);
    if (info !== undefined) remember(copy, info);
    return copy;
  },
};
