import { type Contained, contain } from './containment.js';
import type { HalfOwner } from './half-owner.js';
import { ReceiveHalf } from './receive-half.js';
import { SendHalf } from './send-half.js';
import type { SessionEnd } from './session-end.js';
import type { SessionFlowControl } from './session-flow-control.js';
import type { TurnQueue } from './turn-queue.js';

/** Who a stream belongs to: its session, or what holds it until there is one. */
export interface StreamOwner extends Contained {
  /** Session id. */
  readonly id: number;
  /** Undefined without flow control of sessions. */
  readonly flow: SessionFlowControl | undefined;
  /** Both halves are over. */
  streamOver(stream: Http3WebTransportStream): void;
}

/** RFC 9000 2.1: the second lowest bit of the id. (Ids have 62 bits: no bit operations.) */
export function isBidirectional(streamId: number): boolean {
  return streamId % 4 < 2;
}

/** One QUIC stream of a session: necko's Http3WebTransportStream. */
export class Http3WebTransportStream implements HalfOwner {
  readonly id: number;
  readonly bidirectional: boolean;
  /** This end opened it. */
  readonly local: boolean;
  /** Undefined for a unidirectional stream of the peer. */
  readonly sending: SendHalf | undefined;
  /** Undefined for a unidirectional stream of this end. */
  readonly receiving: ReceiveHalf | undefined;
  #owner: StreamOwner;

  constructor(turns: TurnQueue, id: number, local: boolean, owner: StreamOwner) {
    this.id = id;
    this.bidirectional = isBidirectional(id);
    this.local = local;
    this.#owner = owner;
    this.sending = this.bidirectional || local ? new SendHalf(turns, id, this) : undefined;
    this.receiving = this.bidirectional || !local ? new ReceiveHalf(turns, id, this) : undefined;
  }

  get session(): StreamOwner {
    return this.#owner;
  }

  get flow(): SessionFlowControl | undefined {
    return this.#owner.flow;
  }

  halfOver(): void {
    if (this.sending?.over !== false && this.receiving?.over !== false) this.#owner.streamOver(this);
  }

  /** What one half did in a turn threw. */
  failed(error: unknown): void {
    this.#owner.failed(error);
  }

  /** The session that an early stream belongs to is there. */
  belongsTo(owner: StreamOwner): void {
    this.#owner = owner;
  }

  /** Called inside a turn, or when the connection is over. */
  sessionEnded(end: SessionEnd): void {
    contain(this, () => this.sending?.sessionEnded(end));
    contain(this, () => this.receiving?.sessionEnded(end));
  }
}
