import { NativeResult } from '../../native.js';
import type { Mover, TurnQueue } from './turn-queue.js';

/** Streams opened in one turn, after which JavaScript has its turn. */
const MAX_OPENED_PER_TURN = 256;

/** Somebody wants a stream. */
export interface StreamRequest {
  readonly sessionId: number;
  readonly bidirectional: boolean;
  /** Without it the request fails if the peer's stream limit is reached. */
  readonly waitUntilAvailable: boolean;
  /** Called once, in a turn unless the connection is over. */
  opened(streamId: number | 'limit' | 'closed'): void;
}

/** Where a session asks for streams. */
export interface StreamRequests {
  requestStream(request: StreamRequest): void;
  /** Nobody wants it any more: `opened` is not called. */
  cancelStreamRequest(request: StreamRequest): void;
}

/**
 * Opens streams of one direction, first come, first served over all sessions of the connection: MAX_STREAMS (RFC 9000 4.6)
 * counts them together.
 */
export class StreamOpener implements Mover {
  readonly #turns: TurnQueue;
  readonly #waiting = new Set<StreamRequest>();
  readonly #fresh = new Set<StreamRequest>();
  /** The limit is reached; `creatable` lifts it. */
  #blocked = false;

  constructor(turns: TurnQueue) {
    this.#turns = turns;
  }

  get size(): number {
    return this.#waiting.size + this.#fresh.size;
  }

  add(request: StreamRequest): void {
    if (this.#turns.over) {
      queueMicrotask(() => request.opened('closed'));
      return;
    }
    this.#fresh.add(request);
    this.#turns.wants(this);
  }

  /** Nobody wants it any more: `opened` is not called. */
  delete(request: StreamRequest): void {
    this.#fresh.delete(request);
    this.#waiting.delete(request);
  }

  /** The peer allows more streams. */
  creatable(): void {
    this.#blocked = false;
    if (this.size > 0) this.#turns.wants(this);
  }

  move(): boolean {
    let left = MAX_OPENED_PER_TURN;
    for (const request of this.#waiting) {
      if (this.#blocked) break;
      if (left-- === 0) return true;
      this.#open(request);
    }
    for (const request of this.#fresh) {
      if (left-- === 0) return true;
      if (!this.#blocked) this.#open(request);
      else this.#refuse(request);
    }
    return false;
  }

  /** The connection is over. */
  end(): void {
    const all = [...this.#waiting, ...this.#fresh];
    this.#waiting.clear();
    this.#fresh.clear();
    for (const request of all) request.opened('closed');
  }

  #open(request: StreamRequest): void {
    const id = this.#turns.carrier.openStream(request.sessionId, request.bidirectional);
    if (id === NativeResult.STREAM_LIMIT) {
      this.#blocked = true;
      this.#refuse(request);
      return;
    }
    this.delete(request);
    // Anything else that is negative: the connection takes no new streams any more.
    request.opened(id >= 0 ? id : 'closed');
  }

  #refuse(request: StreamRequest): void {
    if (request.waitUntilAvailable) {
      // One that waits already keeps its place.
      if (this.#fresh.delete(request)) this.#waiting.add(request);
      return;
    }
    this.delete(request);
    request.opened('limit');
  }
}
