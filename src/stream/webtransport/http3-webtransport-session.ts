import {
  asError,
  ConnectionError,
  H3_ERROR,
  type Http3Error,
  h3ErrorName,
  WEBTRANSPORT_ERROR,
  WebTransportSessionError,
} from '../../errors.js';
import type { NativeStats } from '../../native.js';
import { type CapsuleHandler, CapsuleParser, encodeClose, encodeDrain, type FlowCapsule } from './capsules.js';
import { contain } from './containment.js';
import type { ControlChannel } from './control-channel.js';
import { DatagramSender } from './datagram-sender.js';
import type { EarlyArrivals } from './early-arrivals.js';
import type { Http3WebTransportStream, StreamOwner } from './http3-webtransport-stream.js';
import { EXPORTER_LABEL, exporterContext } from './key-exporter.js';
import { END_PATIENCE } from './limits.js';
import type { SessionEnd } from './session-end.js';
import { type FlowControlledSession, SessionFlowControl } from './session-flow-control.js';
import type { DatagramSource, WebTransportSessionListener } from './session-listener.js';
import type { OpenStreamOptions, SessionMux, SessionState, SessionStats } from './session-types.js';
import type { StreamRequest, StreamRequests } from './stream-opener.js';
import type { WebTransportVersion } from './versions.js';

export type { OpenStreamOptions, SessionState, SessionStats };

/**
 * A session, at either end of the connection: necko's Http3WebTransportSession.
 *
 * Its methods may be called at any time, and only register what they want: the next turn does it. What arrives is handed
 * to it inside turns.
 */
export class Http3WebTransportSession implements StreamOwner, CapsuleHandler, FlowControlledSession {
  readonly id: number;
  readonly version: WebTransportVersion;
  readonly flow: SessionFlowControl | undefined;
  readonly #mux: SessionMux;
  readonly #control: ControlChannel;
  readonly #early: EarlyArrivals;
  readonly #capsules = new CapsuleParser(this);
  readonly #datagrams: DatagramSender;
  readonly #opener: StreamRequests;
  readonly #streams = new Set<Http3WebTransportStream>();
  /** Asked for while connecting, or waiting for their turn. */
  readonly #requests = new Set<StreamRequest>();
  #listener: WebTransportSessionListener | undefined;
  #state: SessionState = 'connecting';
  /** The listener has had what was held; the rest goes to it directly. */
  #delivering = false;
  #draining: 'no' | 'to be told' | 'told' = 'no';
  /** The client ended the session before it was accepted: that counts from then on. */
  #earlyClose: { readonly closeCode: number; readonly reason: string } | undefined;
  #earlyFin = false;
  /** How the session ends, from when that is known. */
  #end: SessionEnd | undefined;
  #ended = false;
  #endTold = false;
  /** This end has sent FIN on, or reset, the CONNECT stream. */
  #controlEnded = false;
  /** Runs from the peer's STOP_SENDING to the end of its half of the CONNECT stream. */
  #patience: NodeJS.Timeout | undefined;
  #datagramsReceived = 0;
  #datagramsDroppedEarly = 0;

  constructor(
    mux: SessionMux,
    id: number,
    version: WebTransportVersion,
    control: ControlChannel,
    early: EarlyArrivals,
  ) {
    this.#mux = mux;
    this.id = id;
    this.version = version;
    this.#control = control;
    this.#early = early;
    this.#datagrams = new DatagramSender(mux.turns, this, mux.blockedSenders);
    const limits = mux.initialSessionLimits(version);
    this.flow = limits && new SessionFlowControl(this, mux.turns, mux, limits, mux.limits);
    this.#opener = this.flow ?? mux;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Payload bytes of the largest datagram that can be sent, as far as is known; 0 before the session is open. */
  get maxDatagramSize(): number {
    return this.#datagrams.maxSize;
  }

  /** Streams that are not over at both ends. */
  get streamCount(): number {
    return this.#streams.size;
  }

  // From the owner of the CONNECT stream.

  /** The 2xx answer has arrived, or is sent. */
  accepted(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#later(() => this.#begin());
    const early = this.#earlyClose;
    if (early === undefined) return;
    this.onClose(early.closeCode, early.reason);
    if (this.#earlyFin) this.#setClosed();
  }

  /** The answer is another, or there will be none. The CONNECT stream is its owner's to end. */
  rejected(error: Http3Error): void {
    if (this.#state !== 'connecting') return;
    this.#controlEnded = true;
    this.#close({ kind: 'failed', error });
    this.#setClosed();
  }

  /** Bytes of the CONNECT stream's DATA frames, in pieces of any size. Inside a turn. */
  controlData(bytes: Uint8Array): void {
    if (this.#state === 'closed') return;
    contain(this, () => this.#capsules.push(bytes));
  }

  /** FIN of the CONNECT stream: without CLOSE before it, it means code 0 and no reason. Inside a turn. */
  controlEnd(): void {
    if (this.#state === 'closed') return;
    contain(this, () => {
      this.#capsules.end();
      this.onClose(0, '');
      if (this.#state === 'connecting') this.#earlyFin = true;
      else this.#setClosed();
    });
  }

  /** The peer has reset the CONNECT stream: an abrupt end. Inside a turn. @param code HTTP/3 error code */
  controlReset(code: number): void {
    if (this.#state === 'closed') return;
    // After this end's FIN there is nothing left to reset.
    if (this.#controlEnded) this.#setClosed();
    else this.#abort(peerAborted(code), WEBTRANSPORT_ERROR.WT_SESSION_GONE);
  }

  /**
   * STOP_SENDING for the CONNECT stream, which peers send together with CLOSE, or WT_SESSION_GONE for a stream of the session: how
   * the session ends is said by the CONNECT stream's other half. If that does not end in time, this is an abrupt end. Inside
   * a turn. @param code HTTP/3 error code
   */
  controlStopped(code: number): void {
    if (this.#controlEnded || this.#patience !== undefined || this.#state === 'closed') return;
    const stopped = (): void => this.#abort(peerAborted(code), WEBTRANSPORT_ERROR.WT_SESSION_GONE);
    this.#patience = setTimeout(() => this.#later(stopped), END_PATIENCE);
  }

  // For the user's object.

  /** Sets who is told, once; what came before is delivered in the coming turn. */
  setListener(listener: WebTransportSessionListener): void {
    this.#listener = listener;
    this.#later(
      () => this.#deliver(),
      () => this.#tellEnd(),
    );
  }

  /**
   * Opens a stream as soon as the session is open and the peer's limit allows.
   *
   * @param opened called once, in a turn: with the stream; 'limit' without `waitUntilAvailable` if the peer allows no more
   *   now; 'closed' if the session is over
   * @returns gives up: `opened` is not called any more
   */
  openStream(
    bidirectional: boolean,
    options: OpenStreamOptions,
    opened: (result: Http3WebTransportStream | 'limit' | 'closed') => void,
  ): () => void {
    const request: StreamRequest = {
      sessionId: this.id,
      bidirectional,
      waitUntilAvailable: options.waitUntilAvailable,
      opened: (streamId) => {
        this.#requests.delete(request);
        contain(this, () => opened(typeof streamId === 'string' ? streamId : this.#adopt(streamId, options)));
      },
    };
    const closed = (): void => {
      if (this.#requests.delete(request)) opened('closed');
    };
    this.#requests.add(request);
    // `close` may come first, and ends the requests it finds.
    if (this.#state === 'closing' || this.#state === 'closed') this.#later(closed, closed);
    else if (this.#state === 'open' && this.#delivering) this.#opener.requestStream(request);
    return () => {
      if (this.#requests.delete(request)) this.#opener.cancelStreamRequest(request);
    };
  }

  /** A number for `sendGroup`. */
  createSendGroup(): number {
    return this.#mux.nextSendGroup();
  }

  setDatagramSource(source: DatagramSource): void {
    if (!this.#isOver) this.#datagrams.source = source;
  }

  /** The source has datagrams. */
  datagramsPending(): void {
    this.#datagrams.pending();
  }

  /**
   * Ends the session: CLOSE and FIN on the CONNECT stream, and every stream is reset and stopped with WT_SESSION_GONE. The
   * listener's `onClosed` is called in the coming turn. While connecting, it is `destroy`. Idempotent.
   *
   * @param closeCode 0 to 2^32 - 1
   * @param reason sent up to 1024 bytes of UTF-8
   */
  close(closeCode: number, reason: string): void {
    if (this.#state === 'connecting') this.destroy();
    if (this.#isOver) return;
    this.#endControl(encodeClose(closeCode, reason));
    this.#close({ kind: 'clean', closeCode, reason, remote: false });
  }

  /** Asks the peer to come to an end (DRAIN). The session goes on. */
  drain(): void {
    if (this.#state === 'open') this.#control.send(encodeDrain());
  }

  /** Ends the session abruptly: the CONNECT stream is reset. Idempotent. */
  destroy(): void {
    if (this.#isOver) return;
    const error = new WebTransportSessionError('ERR_WEBTRANSPORT_DESTROYED', 'The session was destroyed');
    this.#abort(error, H3_ERROR.H3_REQUEST_CANCELLED);
  }

  stats(): Promise<SessionStats> {
    return this.#mux.turns.ask(
      () => {
        if (this.#state === 'open') this.#datagrams.refreshMaxSize();
        return this.#stats(this.#mux.turns.carrier.connectionStats());
      },
      () => this.#stats(undefined),
    );
  }

  /**
   * Keys that both ends, and nobody else, can derive (draft-ietf-webtrans-http3-16 4.8).
   *
   * @param label at most 255 bytes
   * @param context at most 255 bytes
   * @param length bytes
   * @throws InvalidArgumentError for a label or context that is too long
   * @throws ConnectionError if the connection is over
   */
  async exportKeyingMaterial(label: Uint8Array, context: Uint8Array, length: number): Promise<Uint8Array> {
    const bound = exporterContext(this.id, label, context);
    const { turns } = this.#mux;
    const exported = await turns.ask(
      () => turns.carrier.exportKeyingMaterial(EXPORTER_LABEL, bound, length),
      () => undefined,
    );
    if (exported !== undefined) return exported;
    throw new ConnectionError('ERR_HTTP3_CONNECTION_CLOSED', 'No keys can be exported: the connection is over');
  }

  // From the mux, inside turns.

  /** What was held for the session is its own from now on. Its peer may have broken the limits with that already. */
  takeEarly(): void {
    for (const stream of this.#early.streams) this.#keep(stream);
    if (this.flow !== undefined) this.#early.countGone(this.flow);
  }

  /** @returns undefined, or the HTTP/3 error code to refuse the stream with */
  streamArrived(stream: Http3WebTransportStream): number | undefined {
    if (this.#isOver) return WEBTRANSPORT_ERROR.WT_SESSION_GONE;
    if (this.#listener === undefined || !this.#delivering) {
      if (this.#early.holdStream(stream)) return this.#keep(stream);
      this.flow?.incomingStreamGone(stream.bidirectional);
      return WEBTRANSPORT_ERROR.WT_BUFFERED_STREAM_REJECTED;
    }
    this.#keep(stream);
    // One too many ends the session.
    if (!this.#isOver) this.#tell((listener) => listener.onIncomingStream(stream));
    return undefined;
  }

  datagramArrived(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#datagramsReceived += 1;
    if (this.#listener !== undefined && this.#delivering) this.#tell((listener) => listener.onDatagram(bytes));
    else if (!this.#early.holdDatagram(bytes)) this.#datagramsDroppedEarly += 1;
  }

  /** The peer asks for an end, by DRAIN or GOAWAY. */
  onDrain(): void {
    if (this.#isOver || this.#draining !== 'no') return;
    this.#draining = 'to be told';
    if (this.#delivering) this.#tellDraining();
  }

  /** The connection is over. Outside of turns. */
  connectionLost(error: Http3Error): void {
    clearTimeout(this.#patience);
    this.#end ??= { kind: 'failed', error };
    this.#finish();
    this.#state = 'closed';
  }

  streamOver(stream: Http3WebTransportStream): void {
    if (this.#streams.delete(stream) && !stream.local) this.flow?.incomingStreamOver(stream.bidirectional);
    this.#early.forgetStream(stream);
  }

  /** Malformed capsules, and defects in what was called in a turn, end this session and touch nothing else. */
  failed(thrown: unknown): void {
    if (thrown instanceof WebTransportSessionError) {
      this.#abort(thrown, thrown.errorCode ?? H3_ERROR.H3_MESSAGE_ERROR);
      return;
    }
    const { message } = asError(thrown);
    const error = new WebTransportSessionError('ERR_WEBTRANSPORT_INTERNAL', `The session failed here: ${message}`, {
      cause: thrown,
    });
    // Its end is known already, and nobody asks for another.
    if (this.#isOver) process.emitWarning(error);
    else this.#abort(error, H3_ERROR.H3_INTERNAL_ERROR);
  }

  // From the capsule parser.

  onClose(closeCode: number, reason: string): void {
    // Both ends may close at once; each then has its own reason.
    if (this.#isOver) return;
    if (this.#state === 'connecting') {
      this.#earlyClose ??= { closeCode, reason };
      return;
    }
    this.#endControl();
    this.#close({ kind: 'clean', closeCode, reason, remote: true });
  }

  onDatagram(bytes: Buffer): void {
    this.datagramArrived(bytes);
  }

  get flowControlled(): boolean {
    return this.flow !== undefined;
  }

  onFlowControl(type: FlowCapsule, value: number): void {
    if (!this.#isOver) this.flow?.capsuleReceived(type, value);
  }

  // From flow control.

  sendCapsule(capsule: Buffer): void {
    if (!this.#isOver) this.#control.send(capsule);
  }

  flowControlViolated(what: string): void {
    if (this.#isOver) return;
    const errorCode = WEBTRANSPORT_ERROR.WT_FLOW_CONTROL_ERROR;
    const message = `The peer broke the session's flow control: ${what}`;
    const names = { errorCode, errorName: h3ErrorName(errorCode) };
    this.#abort(new WebTransportSessionError('ERR_WEBTRANSPORT_PROTOCOL', message, names), errorCode);
  }

  get #isOver(): boolean {
    return this.#end !== undefined;
  }

  /** The first turn in which the session is open. */
  #begin(): void {
    // A session that the peer has closed right away still delivers what came before that.
    if (this.#ended || (this.#end !== undefined && !isRemoteClose(this.#end))) return;
    if (!this.#isOver) {
      this.#datagrams.begin();
      for (const request of this.#requests) this.#opener.requestStream(request);
    }
    this.#delivering = true;
    this.#deliver();
  }

  /** Hands the listener what is there for it. */
  #deliver(): void {
    if (this.#listener === undefined) return;
    if (this.#delivering) {
      this.#early.deliver(this.#listener);
      this.#tellDraining();
    }
    this.#tellEnd();
  }

  #tellDraining(): void {
    if (this.#draining !== 'to be told' || this.#listener === undefined) return;
    this.#draining = 'told';
    this.#tell((listener) => listener.onDraining());
  }

  #tellEnd(): void {
    if (!this.#ended || this.#endTold || this.#end === undefined || this.#listener === undefined) return;
    this.#endTold = true;
    const end = this.#end;
    this.#tell((listener) => listener.onClosed(end));
  }

  #adopt(streamId: number, { sendGroup, sendOrder }: OpenStreamOptions): Http3WebTransportStream {
    const stream = this.#mux.adoptOpened(streamId, this);
    this.#streams.add(stream);
    if (sendGroup !== 0 || sendOrder !== 0) this.#mux.turns.carrier.setSendOrder(streamId, sendGroup, sendOrder);
    return stream;
  }

  #keep(stream: Http3WebTransportStream): undefined {
    stream.belongsTo(this);
    this.#streams.add(stream);
    this.flow?.streamArrived(stream.bidirectional);
  }

  /** The session is over from now on; the coming turn ends what belongs to it. */
  #close(end: SessionEnd): void {
    this.#end = end;
    if (this.#state !== 'closed') this.#state = 'closing';
    const finish = (): void => this.#finish();
    this.#later(finish, finish);
  }

  #finish(): void {
    const end = this.#end;
    if (this.#ended || end === undefined) return;
    // What arrived before the end is not lost, if there is somebody who knows of the session.
    if (this.#delivering && isRemoteClose(end)) contain(this, () => this.#deliver());
    this.#ended = true;
    this.#datagrams.end();
    for (const request of this.#requests) {
      this.#opener.cancelStreamRequest(request);
      request.opened('closed');
    }
    for (const stream of this.#streams) stream.sessionEnded(end);
    this.#early.discard();
    this.#tellEnd();
  }

  #abort(error: Http3Error, code: number): void {
    this.#controlEnded = true;
    this.#control.reset(code);
    if (!this.#isOver) this.#close({ kind: 'failed', error });
    this.#setClosed();
  }

  #endControl(last?: Uint8Array): void {
    if (this.#controlEnded) return;
    this.#controlEnded = true;
    this.#control.end(last);
  }

  #setClosed(): void {
    clearTimeout(this.#patience);
    this.#state = 'closed';
    this.#mux.forgetSession(this);
  }

  #later(run: () => void, lost?: () => void): void {
    this.#mux.turns.later(run, lost, this);
  }

  #tell(what: (listener: WebTransportSessionListener) => void): void {
    const listener = this.#listener;
    if (listener !== undefined) contain(this, () => what(listener));
  }

  #stats(connection: NativeStats | undefined): SessionStats {
    return {
      connection,
      datagramsSent: this.#datagrams.sent,
      datagramsRefused: this.#datagrams.refused,
      datagramsReceived: this.#datagramsReceived,
      datagramsDroppedEarly: this.#datagramsDroppedEarly,
    };
  }
}

function isRemoteClose(end: SessionEnd): boolean {
  return end.kind === 'clean' && end.remote;
}

function peerAborted(code: number): WebTransportSessionError {
  const errorName = h3ErrorName(code);
  return new WebTransportSessionError('ERR_WEBTRANSPORT_RESET', `The peer ended the session with ${errorName}`, {
    errorCode: code,
    errorName,
  });
}
