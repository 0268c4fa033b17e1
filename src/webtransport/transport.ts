import type { Http3WebTransportSession } from '../stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../stream/webtransport/http3-webtransport-stream.js';
import type { SessionEnd } from '../stream/webtransport/session-end.js';
import type { WebTransportSessionListener } from '../stream/webtransport/session-listener.js';
import type { SessionStats } from '../stream/webtransport/session-types.js';
import type { WebTransportBidirectionalStream } from './bidirectional-stream.js';
import { connectionStats } from './connection-stats.js';
import type { PendingSession } from './connector.js';
import { deferred, markHandled } from './deferred.js';
import type {
  WebTransportCloseInfo,
  WebTransportConnectionStats,
  WebTransportDatagramsReadableType,
} from './dictionaries.js';
import { Paced } from './paced.js';
import { PendingStreams } from './pending-streams.js';
import { createSendGroup, type WebTransportSendGroup } from './send-group.js';
import { SendGroupState } from './send-group-state.js';
import type { ConvertedStreamOptions } from './send-options.js';
import type { WebTransportSendStream } from './send-stream.js';
import { TransportDatagrams } from './transport-datagrams.js';
import { TransportStreams } from './transport-streams.js';
import { sessionError } from './web-transport-error.js';

/** Slot [[State]]. */
type State = 'connecting' | 'connected' | 'draining' | 'closed' | 'failed';

/** `WebTransportCloseInfo` with its defaults. */
export type CloseInfo = Required<WebTransportCloseInfo>;

/**
 * Behind a WebTransport object: its slots, its states and the procedure "cleanup" (W3C WebTransport 6).
 *
 * A session, its streams and the reader or writer of each hold this, and nothing here holds the WebTransport object.
 */
export class Transport implements WebTransportSessionListener {
  readonly streams = new TransportStreams(this);
  readonly datagrams: TransportDatagrams;
  readonly #ready = deferred<undefined>();
  readonly #closed = deferred<CloseInfo>();
  readonly #draining = deferred<undefined>();
  /** Settles when the state is no longer 'connecting', whatever it is then. */
  readonly #decided = deferred<void>();
  readonly #pendingStreams = new PendingStreams();
  #state: State = 'connecting';
  #session: Http3WebTransportSession | undefined;
  #statsGathering: Paced<SessionStats> | undefined;
  /** Asked for when the session ended. */
  #finalStats: Promise<SessionStats> | undefined;
  #lastStats: SessionStats | undefined;
  /** The session on its way, to be given up by `close()`. */
  #pending: PendingSession | undefined;

  constructor(datagramsReadableType: WebTransportDatagramsReadableType) {
    this.datagrams = new TransportDatagrams(this, datagramsReadableType);
  }

  get ready(): Promise<undefined> {
    return this.#ready.promise;
  }

  get closed(): Promise<WebTransportCloseInfo> {
    return this.#closed.promise;
  }

  get draining(): Promise<undefined> {
    return this.#draining.promise;
  }

  get isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed';
  }

  /** Connecting has begun. @param onReady for what the transport itself does not keep */
  await(pending: PendingSession, onReady: Parameters<PendingSession['onReady']>[0]): void {
    this.#pending = pending;
    pending.onReady((ready) => {
      onReady(ready);
      this.attach(ready.session);
    });
    pending.onFailed((error) => {
      this.#pending = undefined;
      this.#cleanup(sessionError(`The session could not be established: ${error.message}`, error));
    });
  }

  /** The session is established. */
  attach(session: Http3WebTransportSession): void {
    this.#pending = undefined;
    this.#session = session;
    this.#statsGathering = new Paced(() => this.#finalStats ?? session.stats());
    this.#state = 'connected';
    session.setListener(this);
    this.datagrams.attach(session);
    this.#ready.resolve(undefined);
    this.#decided.resolve();
    // Not at once: a close that came along with the answer makes them fail.
    queueMicrotask(() => this.#pendingStreams.attach(session));
  }

  /** W3C WebTransport 6.4, `close()`. */
  close(info: CloseInfo): void {
    if (this.isOver) return;
    const session = this.#session;
    if (session === undefined) {
      const pending = this.#pending;
      this.#pending = undefined;
      this.#cleanup(sessionError('The session was closed before it was established'));
      pending?.abandon(info.closeCode, info.reason);
      return;
    }
    this.#finalStats = session.stats();
    session.close(info.closeCode, info.reason);
    this.#cleanup(new DOMException('The session was closed', 'AbortError'), info);
  }

  /** Asks the peer to come to an end. */
  drain(): void {
    if (!this.isOver) this.#session?.drain();
  }

  /** W3C WebTransport 6.4. Rejects with InvalidStateError, QuotaExceededError. */
  async createBidirectional(options: ConvertedStreamOptions): Promise<WebTransportBidirectionalStream> {
    this.#checkOpen();
    return await this.#pendingStreams.open(true, options, (stream) => this.streams.bidirectional(stream, options));
  }

  async createUnidirectional(options: ConvertedStreamOptions): Promise<WebTransportSendStream> {
    this.#checkOpen();
    return await this.#pendingStreams.open(false, options, (stream) => this.streams.sending(stream, options));
  }

  /** @throws InvalidStateError */
  createSendGroup(): WebTransportSendGroup {
    this.#checkOpen();
    // Its number is asked for when there is something to be sent in it, and so a session.
    return createSendGroup(new SendGroupState(this, () => this.#session?.createSendGroup() ?? 0));
  }

  async stats(): Promise<WebTransportConnectionStats> {
    if (this.#state === 'connecting') await this.#decided.promise;
    const gathering = this.#statsGathering;
    if (this.#state === 'failed' || gathering === undefined) {
      throw new DOMException('The session has failed', 'InvalidStateError');
    }
    const stats = await gathering.next();
    // The connection may be over before it could be asked: what it told last stays.
    if (stats.connection !== undefined || this.#lastStats === undefined) this.#lastStats = stats;
    return connectionStats(this.#lastStats, this.datagrams.settings);
  }

  async exportKeyingMaterial(label: Uint8Array, context: Uint8Array, length: number): Promise<Uint8Array> {
    if (this.#state === 'connecting') await this.#decided.promise;
    const over = new DOMException('The session is over', 'InvalidStateError');
    if (this.isOver || this.#session === undefined) throw over;
    const exported = await this.#session.exportKeyingMaterial(label, context, length).catch((error: unknown) => {
      throw this.isOver ? over : error;
    });
    if (this.isOver) throw over;
    return exported;
  }

  onIncomingStream(stream: Http3WebTransportStream): void {
    this.streams.arrived(stream);
  }

  onDatagram(bytes: Buffer): void {
    this.datagrams.incoming.receive(bytes);
  }

  onDraining(): void {
    if (this.#state !== 'connected') return;
    this.#state = 'draining';
    this.#draining.resolve(undefined);
  }

  /** W3C WebTransport 6.6. */
  onClosed(end: SessionEnd): void {
    if (this.isOver) return;
    if (end.kind === 'clean') {
      this.#finalStats = this.#session?.stats();
      const { closeCode, reason } = end;
      this.#cleanup(sessionError('The peer closed the session'), { closeCode, reason });
    } else {
      this.#cleanup(sessionError(`The session failed: ${end.error.message}`, end.error));
    }
  }

  #checkOpen(): void {
    if (this.isOver) throw new DOMException('The session is over', 'InvalidStateError');
  }

  /** "Cleanup": with `closeInfo` the end is a clean one. */
  #cleanup(error: unknown, closeInfo?: CloseInfo): void {
    this.#state = closeInfo === undefined ? 'failed' : 'closed';
    this.streams.end(error);
    this.#pendingStreams.end();
    if (closeInfo !== undefined) {
      this.#closed.resolve(closeInfo);
      this.streams.close();
      this.datagrams.close();
    } else {
      this.#closed.reject(error);
      markHandled(this.#closed.promise);
      this.#ready.reject(error);
      markHandled(this.#ready.promise);
      this.streams.fail(error);
      this.datagrams.fail(error);
    }
    this.#decided.resolve();
  }
}
