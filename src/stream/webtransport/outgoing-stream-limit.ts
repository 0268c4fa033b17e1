import type { StreamRequest, StreamRequests } from './stream-opener.js';
import type { TurnQueue } from './turn-queue.js';

/**
 * The streams of one direction that the peer lets this end open in a session, all that ever were included (draft 15, 5.3).
 * Requests that it allows go on to the connection's opener, where QUIC's own limit counts.
 */
export class OutgoingStreamLimit implements StreamRequests {
  readonly #turns: TurnQueue;
  readonly #opener: StreamRequests;
  readonly #tellBlocked: (limit: number) => void;
  readonly #waiting = new Set<StreamRequest>();
  readonly #refused = new Set<StreamRequest>();
  /** Requests at the opener, as it knows them. */
  readonly #admitted = new Map<StreamRequest, StreamRequest>();
  #limit: number;
  /** Streams opened, and requests at the opener. */
  #taken = 0;
  #told = -1;

  /** @param limit streams. @param tellBlocked sends WT_STREAMS_BLOCKED */
  constructor(turns: TurnQueue, opener: StreamRequests, limit: number, tellBlocked: (limit: number) => void) {
    this.#turns = turns;
    this.#opener = opener;
    this.#limit = limit;
    this.#tellBlocked = tellBlocked;
  }

  get limit(): number {
    return this.#limit;
  }

  requestStream(request: StreamRequest): void {
    if (this.#taken < this.#limit) {
      this.#admit(request);
      return;
    }
    this.#nothingLeft();
    if (request.waitUntilAvailable) this.#waiting.add(request);
    else {
      this.#refused.add(request);
      this.#turns.later(() => {
        if (this.#refused.delete(request)) request.opened('limit');
      });
    }
  }

  cancelStreamRequest(request: StreamRequest): void {
    this.#waiting.delete(request);
    this.#refused.delete(request);
    const admitted = this.#admitted.get(request);
    if (admitted === undefined) return;
    this.#opener.cancelStreamRequest(admitted);
    this.#returned(request);
  }

  /** The peer allows more. */
  raise(limit: number): void {
    this.#limit = limit;
    this.#admitWaiting();
  }

  #admit(request: StreamRequest): void {
    this.#taken += 1;
    const admitted: StreamRequest = {
      ...request,
      opened: (streamId) => {
        if (typeof streamId === 'string') this.#returned(request);
        else this.#admitted.delete(request);
        request.opened(streamId);
      },
    };
    this.#admitted.set(request, admitted);
    this.#opener.requestStream(admitted);
  }

  /** No stream came of it. */
  #returned(request: StreamRequest): void {
    if (!this.#admitted.delete(request)) return;
    this.#taken -= 1;
    this.#admitWaiting();
  }

  #admitWaiting(): void {
    for (const request of this.#waiting) {
      if (this.#taken >= this.#limit) {
        this.#nothingLeft();
        return;
      }
      this.#waiting.delete(request);
      this.#admit(request);
    }
  }

  #nothingLeft(): void {
    if (this.#told === this.#limit) return;
    this.#told = this.#limit;
    this.#tellBlocked(this.#limit);
  }
}
