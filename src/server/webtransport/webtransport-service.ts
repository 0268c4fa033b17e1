import type { EventEmitter } from 'node:events';
import { reportUncaught } from '../../errors.js';
import { emitSafely } from '../emit-safely.js';
import { ExpiryQueue } from '../expiry-queue.js';
import type { ConnectStream } from './connect-stream.js';
import { SessionQueue } from './session-queue.js';
import type { ResolvedServerWebTransport } from './webtransport-options.js';
import type { WebTransportRequest, WebTransportRequestOwner } from './webtransport-request.js';

/** Figures of WebTransport on a server. */
export interface ServerWebTransportStats {
  /** Sessions open now. */
  readonly sessions: number;
  /** Requests that are neither accepted nor rejected yet. */
  readonly pending: number;
  /** Since the beginning. */
  readonly accepted: number;
  /** Rejected, or ended before an answer. */
  readonly rejected: number;
}

/** For which a client may take to end its CONNECT stream after the session's end. Milliseconds. */
const END_TIME = 5000;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const INTERNAL_SERVER_ERROR = 500;
const SERVICE_UNAVAILABLE = 503;

/** Hands requests for sessions to whoever takes them: what is common to all connections of a server. */
export class WebTransportService implements WebTransportRequestOwner {
  readonly options: ResolvedServerWebTransport;
  readonly sendDate: boolean;
  readonly #server: EventEmitter;
  /** By path; undefined: any. */
  readonly #queues = new Map<string | undefined, Set<SessionQueue>>();
  readonly #pending: ExpiryQueue<WebTransportRequest>;
  readonly #endings = new ExpiryQueue<ConnectStream>(END_TIME, (stream) => stream.expire());
  #pendingCount = 0;
  #sessions = 0;
  #accepted = 0;
  #rejected = 0;

  constructor(server: EventEmitter, options: ResolvedServerWebTransport, sendDate: boolean) {
    this.#server = server;
    this.options = options;
    this.sendDate = sendDate;
    this.#pending = new ExpiryQueue(options.acceptTimeout, (request) => request.onExpired());
  }

  stats(): ServerWebTransportStats {
    return {
      sessions: this.#sessions,
      pending: this.#pendingCount,
      accepted: this.#accepted,
      rejected: this.#rejected,
    };
  }

  /** @param path without a query; undefined: of all paths that nobody else takes */
  sessions(path: string | undefined): SessionQueue {
    const queues = this.#queues.get(path) ?? new Set();
    this.#queues.set(path, queues);
    const queue = new SessionQueue(this.options.maxQueuedSessions, () => {
      queues.delete(queue);
      if (queues.size === 0 && this.#queues.get(path) === queues) this.#queues.delete(path);
    });
    queues.add(queue);
    return queue;
  }

  /** Ends all iterators. */
  endQueues(): void {
    for (const queues of [...this.#queues.values()]) {
      for (const queue of [...queues]) queue.end();
    }
  }

  /** A request has come; its time begins. */
  onRequest(request: WebTransportRequest): void {
    this.#pendingCount += 1;
    this.#pending.add(request);
  }

  /** It can be answered: finds somebody who does. Inside a turn. */
  deliver(request: WebTransportRequest): void {
    const refusal = this.#checkOrigin(request);
    // The check itself may have answered.
    if (!request.unanswered) return;
    if (refusal !== undefined) {
      request.reject(refusal);
      return;
    }
    const path = request.path.split('?', 1)[0];
    if (this.#offer(request, this.#queues.get(path))) return;
    if (this.#server.listenerCount('webtransport') > 0) {
      if (!emitSafely(this.#server, 'webtransport', request)) request.onListenerFailed();
      return;
    }
    if (this.#offer(request, this.#queues.get(undefined))) return;
    // While the server closes nobody may be there who was before.
    request.reject(request.session.closed ? SERVICE_UNAVAILABLE : NOT_FOUND);
  }

  onSettled(request: WebTransportRequest, accepted: boolean): void {
    this.#pendingCount -= 1;
    this.#pending.delete(request);
    for (const queues of this.#queues.values()) for (const queue of queues) queue.drop(request);
    if (accepted) {
      this.#accepted += 1;
      this.#sessions += 1;
    } else this.#rejected += 1;
  }

  /** An accepted session has ended. */
  onSessionOver(stream: ConnectStream): void {
    this.#sessions -= 1;
    this.#endings.add(stream);
  }

  /** Nothing is expected of the stream any more. */
  onStreamDone(stream: ConnectStream): void {
    this.#endings.delete(stream);
  }

  /** @returns the status to refuse it with (draft-ietf-webtrans-http3 3.3) */
  #checkOrigin(request: WebTransportRequest): number | undefined {
    const { isAllowedOrigin, requireOrigin } = this.options;
    const { origin } = request;
    if (origin === undefined) return requireOrigin ? FORBIDDEN : undefined;
    if (isAllowedOrigin === undefined) return undefined;
    try {
      // A promise is not true either.
      return isAllowedOrigin(origin, request) === true ? undefined : FORBIDDEN;
    } catch (error) {
      reportUncaught(error);
      return INTERNAL_SERVER_ERROR;
    }
  }

  /** @returns false if there is no iterator */
  #offer(request: WebTransportRequest, queues: ReadonlySet<SessionQueue> | undefined): boolean {
    if (queues === undefined) return false;
    for (const queue of queues) if (queue.offer(request)) return true;
    request.reject(SERVICE_UNAVAILABLE);
    return true;
  }
}
