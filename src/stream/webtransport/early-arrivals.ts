import type { Http3WebTransportStream, StreamOwner } from './http3-webtransport-stream.js';
import type { WebTransportLimits } from './limits.js';
import type { SessionFlowControl } from './session-flow-control.js';
import type { WebTransportSessionListener } from './session-listener.js';

/** What the sessions of one connection hold early, together. */
export class EarlyBudget {
  readonly #limits: WebTransportLimits;
  #streams = 0;
  #datagrams = 0;
  #datagramBytes = 0;

  constructor(limits: WebTransportLimits) {
    this.#limits = limits;
  }

  /** Nothing is held. */
  get empty(): boolean {
    return this.#streams === 0 && this.#datagrams === 0 && this.#datagramBytes === 0;
  }

  takeStream(): boolean {
    if (this.#streams >= this.#limits.maxEarlyStreams) return false;
    this.#streams += 1;
    return true;
  }

  returnStream(): void {
    this.#streams -= 1;
  }

  takeDatagram(bytes: number): boolean {
    if (this.#datagrams >= this.#limits.maxEarlyDatagrams) return false;
    if (this.#datagramBytes + bytes > this.#limits.maxEarlyDatagramBytes) return false;
    this.#datagrams += 1;
    this.#datagramBytes += bytes;
    return true;
  }

  returnDatagram(bytes: number): void {
    this.#datagrams -= 1;
    this.#datagramBytes -= bytes;
  }
}

/**
 * Streams and datagrams that arrive before their session is established, in order: packets overtake one another, and a
 * client may send before it has the answer (draft-ietf-webtrans-http3-16 4.6). Bytes of streams stay in neqo.
 */
export class EarlyArrivals implements StreamOwner {
  readonly id: number;
  /** Nothing is read of these streams. */
  readonly flow = undefined;
  readonly #budget: EarlyBudget;
  readonly #streams = new Set<Http3WebTransportStream>();
  readonly #forget: (stream: Http3WebTransportStream) => void;
  #datagrams: Buffer[] = [];
  /** Streams that were over, or refused, before there was a session. */
  readonly #gone = { bidirectional: 0, unidirectional: 0 };

  /** @param forget told of every stream that is over, held or not */
  constructor(id: number, budget: EarlyBudget, forget: (stream: Http3WebTransportStream) => void) {
    this.id = id;
    this.#budget = budget;
    this.#forget = forget;
  }

  get streams(): Iterable<Http3WebTransportStream> {
    return this.#streams;
  }

  /** @returns false if too many are held */
  holdStream(stream: Http3WebTransportStream): boolean {
    if (!this.#budget.takeStream()) return false;
    this.#streams.add(stream);
    return true;
  }

  /** @returns false if it is dropped because too many are held */
  holdDatagram(bytes: Buffer): boolean {
    if (!this.#budget.takeDatagram(bytes.byteLength)) return false;
    this.#datagrams.push(bytes);
    return true;
  }

  /** A stream is over that no session knows yet. */
  streamOver(stream: Http3WebTransportStream): void {
    this.streamGone(stream);
    this.forgetStream(stream);
  }

  /** The peer has opened a stream, and no session will ever see it. */
  streamGone({ bidirectional }: Http3WebTransportStream): void {
    this.#gone[bidirectional ? 'bidirectional' : 'unidirectional'] += 1;
  }

  forgetStream(stream: Http3WebTransportStream): void {
    this.#release(stream);
    this.#forget(stream);
  }

  /** Nothing is done with these streams in turns. */
  failed(error: unknown): void {
    throw error;
  }

  /** The peer counts all streams that it has opened: so do the limits of the session that is there now. */
  countGone(flow: SessionFlowControl): void {
    for (const direction of ['bidirectional', 'unidirectional'] as const) {
      for (; this.#gone[direction] > 0; this.#gone[direction]--) flow.incomingStreamGone(direction === 'bidirectional');
    }
  }

  /** Hands everything over, and holds nothing more. */
  deliver(listener: WebTransportSessionListener): void {
    for (const stream of this.#streams) {
      this.#release(stream);
      listener.onIncomingStream(stream);
    }
    const datagrams = this.#datagrams;
    this.#dropDatagrams();
    for (const bytes of datagrams) listener.onDatagram(bytes);
  }

  discard(): void {
    for (const stream of this.#streams) this.#release(stream);
    this.#dropDatagrams();
  }

  #release(stream: Http3WebTransportStream): void {
    if (this.#streams.delete(stream)) this.#budget.returnStream();
  }

  #dropDatagrams(): void {
    for (const { byteLength } of this.#datagrams) this.#budget.returnDatagram(byteLength);
    this.#datagrams = [];
  }
}
