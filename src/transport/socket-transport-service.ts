/**
 * SocketTransportService: necko's nsSocketTransportService.
 *
 * Every socket of a thread is attached here. libuv polls them (uv_poll on each descriptor) and reports a ready one, and the
 * service calls that socket's handler. It also runs work that has to wait for a turn of the event loop of its own.
 */

import { reportUncaught } from '../errors.js';

/** Readiness as a bit set, as libuv gives it. */
export const Ready = { READABLE: 1, WRITABLE: 2 } as const;

/** Something that owns a polled descriptor: necko's nsASocketHandler. */
export interface SocketHandler {
  /**
   * @param events bit set of {@link Ready}
   * @param status 0, or a negative uv error of the poll itself
   */
  onSocketReady(events: number, status: number): void;
}

export class SocketTransportService {
  readonly #handlers = new Set<SocketHandler>();
  #events: (() => void)[] = [];
  #scheduled = false;

  /** Sockets attached at present. */
  get socketCount(): number {
    return this.#handlers.size;
  }

  attachSocket(handler: SocketHandler): void {
    this.#handlers.add(handler);
  }

  detachSocket(handler: SocketHandler): void {
    this.#handlers.delete(handler);
  }

  /** A descriptor is ready. Readiness of a socket that was detached meanwhile is stale and dropped. */
  socketReady(handler: SocketHandler, events: number, status: number): void {
    if (this.#handlers.has(handler)) handler.onSocketReady(events, status);
  }

  /**
   * Runs `event` in the next turn of the event loop, after I/O had its chance: nsIEventTarget::Dispatch. What an event
   * dispatches runs a turn later, so that no chain of events starves the sockets.
   */
  dispatch(event: () => void): void {
    this.#events.push(event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#runEvents);
  }

  /**
   * Runs `event` in this turn of the event loop, after all microtasks of the present callback, those included that they lead
   * to: what an application does as soon as a promise of ours has settled is done by then, however long its chain of promises.
   */
  dispatchAfterMicrotasks(event: () => void): void {
    // A tick that a microtask asks for runs when no microtask is left.
    queueMicrotask(() => process.nextTick(event));
  }

  readonly #runEvents = (): void => {
    this.#scheduled = false;
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      try {
        event();
      } catch (error) {
        // One connection's defect is not the others'.
        reportUncaught(error);
      }
    }
  };
}

let service: SocketTransportService | undefined;

/** The service of this thread. */
export function socketTransportService(): SocketTransportService {
  service ??= new SocketTransportService();
  return service;
}
