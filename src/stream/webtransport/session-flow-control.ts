import { encodeFlowControl, FlowCapsule } from './capsules.js';
import { IncomingDataLimit } from './incoming-data-limit.js';
import { IncomingStreamLimit } from './incoming-stream-limit.js';
import type { WebTransportLimits } from './limits.js';
import { OutgoingDataLimit } from './outgoing-data-limit.js';
import { OutgoingStreamLimit } from './outgoing-stream-limit.js';
import type { StreamRequest, StreamRequests } from './stream-opener.js';
import type { TurnQueue } from './turn-queue.js';
import { type InitialSessionLimits, MAX_STREAM_COUNT } from './versions.js';

/** The session whose limits these are. */
export interface FlowControlledSession {
  /** Sends a capsule on the CONNECT stream. */
  sendCapsule(capsule: Buffer): void;
  /** The peer broke a limit: WT_FLOW_CONTROL_ERROR. */
  flowControlViolated(what: string): void;
}

/**
 * Flow control of one session (draft-ietf-webtrans-http3-15 5, since draft 13): of its streams' bytes and of how many there
 * are, both ways, on top of QUIC's. Exists only if both ends have declared it.
 */
export class SessionFlowControl implements StreamRequests {
  readonly sending: OutgoingDataLimit;
  readonly receiving: IncomingDataLimit;
  readonly #session: FlowControlledSession;
  /** A limit that is repeated is an error, too. */
  readonly #strict: boolean;
  readonly #outgoing: Readonly<Record<'bidirectional' | 'unidirectional', OutgoingStreamLimit>>;
  readonly #incoming: Readonly<Record<'bidirectional' | 'unidirectional', IncomingStreamLimit>>;

  /**
   * @param opener where requests for streams go that the session's limit allows
   * @param peer limits in the peer's SETTINGS
   * @param own limits in this end's
   */
  constructor(
    session: FlowControlledSession,
    turns: TurnQueue,
    opener: StreamRequests,
    peer: InitialSessionLimits,
    own: WebTransportLimits,
  ) {
    const tell =
      (type: FlowCapsule) =>
      (value: number): void =>
        session.sendCapsule(encodeFlowControl(type, value));
    const violated = (what: string) => (): void => session.flowControlViolated(`more ${what} than it was allowed`);
    this.#session = session;
    this.#strict = peer.strict;
    this.sending = new OutgoingDataLimit(turns, peer.maxData, tell(FlowCapsule.DATA_BLOCKED));
    this.receiving = new IncomingDataLimit(
      own.sessionWindow,
      own.maxSessionWindow,
      tell(FlowCapsule.MAX_DATA),
      violated('bytes'),
    );
    this.#outgoing = {
      bidirectional: new OutgoingStreamLimit(
        turns,
        opener,
        peer.maxStreamsBidirectional,
        tell(FlowCapsule.STREAMS_BLOCKED_BIDIRECTIONAL),
      ),
      unidirectional: new OutgoingStreamLimit(
        turns,
        opener,
        peer.maxStreamsUnidirectional,
        tell(FlowCapsule.STREAMS_BLOCKED_UNIDIRECTIONAL),
      ),
    };
    this.#incoming = {
      bidirectional: new IncomingStreamLimit(
        own.sessionStreamsBidirectional,
        tell(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL),
        violated('bidirectional streams'),
      ),
      unidirectional: new IncomingStreamLimit(
        own.sessionStreamsUnidirectional,
        tell(FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL),
        violated('unidirectional streams'),
      ),
    };
  }

  requestStream(request: StreamRequest): void {
    this.#outgoing[direction(request.bidirectional)].requestStream(request);
  }

  cancelStreamRequest(request: StreamRequest): void {
    this.#outgoing[direction(request.bidirectional)].cancelStreamRequest(request);
  }

  /** The peer has opened a stream. */
  streamArrived(bidirectional: boolean): void {
    this.#incoming[direction(bidirectional)].opened();
  }

  /** The peer has opened a stream that is over already. */
  incomingStreamGone(bidirectional: boolean): void {
    this.streamArrived(bidirectional);
    this.incomingStreamOver(bidirectional);
  }

  /** One of the peer's streams is over. */
  incomingStreamOver(bidirectional: boolean): void {
    this.#incoming[direction(bidirectional)].over();
  }

  capsuleReceived(type: FlowCapsule, value: number): void {
    switch (type) {
      case FlowCapsule.MAX_DATA:
        this.#raise(this.sending, value);
        break;
      case FlowCapsule.MAX_STREAMS_BIDIRECTIONAL:
      case FlowCapsule.MAX_STREAMS_UNIDIRECTIONAL:
        if (value > MAX_STREAM_COUNT) this.#session.flowControlViolated(`a limit of ${value} streams`);
        else this.#raise(this.#outgoing[direction(type === FlowCapsule.MAX_STREAMS_BIDIRECTIONAL)], value);
        break;
      case FlowCapsule.DATA_BLOCKED:
        this.receiving.peerBlocked(value);
        break;
      case FlowCapsule.STREAMS_BLOCKED_BIDIRECTIONAL:
      case FlowCapsule.STREAMS_BLOCKED_UNIDIRECTIONAL:
        // The limit is raised as soon as streams end, whoever waits (draft 15, 5.2).
        if (value > MAX_STREAM_COUNT) this.#session.flowControlViolated(`a limit of ${value} streams`);
        break;
    }
  }

  #raise(limit: OutgoingDataLimit | OutgoingStreamLimit, value: number): void {
    if (value > limit.limit) limit.raise(value);
    else if (value < limit.limit || this.#strict) {
      this.#session.flowControlViolated(`a limit of ${value} after one of ${limit.limit}`);
    }
  }
}

function direction(bidirectional: boolean): 'bidirectional' | 'unidirectional' {
  return bidirectional ? 'bidirectional' : 'unidirectional';
}
