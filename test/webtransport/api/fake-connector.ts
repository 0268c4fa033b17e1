import {
  type CheckedOptions,
  installConnector,
  type PendingSession,
  type ReadySession,
} from '../../../src/webtransport/connector.js';
import { WebTransport, type WebTransportOptions } from '../../../src/webtransport/index.js';
import { FakeSession } from './fake-session.js';

/** One session on its way. */
export class FakeConnect implements PendingSession {
  readonly url: URL;
  readonly options: CheckedOptions;
  readonly session = new FakeSession();
  readonly abandoned: [code: number, reason: string][] = [];
  #onReady: ((ready: ReadySession) => void) | undefined;
  #onFailed: ((error: Error) => void) | undefined;

  constructor(url: URL, options: CheckedOptions) {
    this.url = url;
    this.options = options;
  }

  onReady(done: (ready: ReadySession) => void): void {
    this.#onReady = done;
  }

  onFailed(done: (error: Error) => void): void {
    this.#onFailed = done;
  }

  abandon(closeCode: number, reason: string): void {
    this.abandoned.push([closeCode, reason]);
  }

  accept(protocol?: string, responseHeaders: readonly string[] = [':status', '200', 'x-a', 'b']): void {
    this.#onReady?.({
      session: this.session.asReal,
      responseHeaders,
      protocol,
      reliability: 'supports-unreliable',
    });
  }

  fail(error: Error): void {
    this.#onFailed?.(error);
  }
}

let last: FakeConnect | undefined;

installConnector({
  connect(url, options) {
    last = new FakeConnect(url, options);
    return last;
  },
});

/** A WebTransport that is connecting. */
export function connecting(options: WebTransportOptions = {}): { transport: WebTransport; connect: FakeConnect } {
  const transport = new WebTransport('https://server.test/path?query', options);
  if (last === undefined) throw new Error('no connector was called');
  return { transport, connect: last };
}

/** A WebTransport that is connected. */
export async function connected(
  options: WebTransportOptions = {},
): Promise<{ transport: WebTransport; session: FakeSession }> {
  const { transport, connect } = connecting(options);
  connect.accept();
  await transport.ready;
  return { transport, session: connect.session };
}

/** A turn of the event loop: every microtask before it is over. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`fulfilled with ${String(value)}`);
}

/** Whether a promise is settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await turn();
  const first = await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)]);
  return first !== pending;
}
