import type { WebTransportRequest } from './webtransport-request.js';
import type { WebTransportServerSession } from './webtransport-server-session.js';

type Result = IteratorResult<WebTransportServerSession, undefined>;

const DONE: Result = { done: true, value: undefined };
const SERVICE_UNAVAILABLE = 503;

/**
 * The iterator of `webTransportSessions`. A session is accepted when the loop asks for it: while the loop is busy, requests wait
 * here, bounded in number and time, and their clients with them.
 */
export class SessionQueue implements AsyncIterableIterator<WebTransportServerSession, undefined> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #requests = new Set<WebTransportRequest>();
  readonly #readers: ((result: Result) => void)[] = [];
  #ended = false;

  /**
   * @param limit requests that wait
   * @param onEnd nothing more is to be offered; once
   */
  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** @returns false if too many wait already */
  offer(request: WebTransportRequest): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: request.accept() });
      return true;
    }
    if (this.#requests.size >= this.#limit) return false;
    this.#requests.add(request);
    return true;
  }

  /** The request has ended in another way. */
  drop(request: WebTransportRequest): void {
    this.#requests.delete(request);
  }

  next(): Promise<Result> {
    for (const request of this.#requests) {
      this.#requests.delete(request);
      return Promise.resolve({ done: false, value: request.accept() });
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** The loop was left: requests that wait are answered with 503. */
  return(): Promise<Result> {
    this.end();
    return Promise.resolve(DONE);
  }

  /** Ends the loop; sessions that it has taken go on. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader(DONE);
    for (const request of this.#requests) request.reject(SERVICE_UNAVAILABLE);
    this.#onEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
