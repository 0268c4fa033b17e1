import type { UnderlyingSink, WritableStreamDefaultController } from 'node:stream/web';
import type { SendDone, SendHalfStats } from '../stream/webtransport/send-half.js';
import type { HalfError } from '../stream/webtransport/session-end.js';
import { AtomicChunk } from './atomic-chunk.js';
import type { WebTransportSendStreamStats } from './dictionaries.js';
import type { SendGroupState } from './send-group-state.js';
import { engineOrder, groupState, type SendPriority } from './send-options.js';
import type { TransportMember, TransportMembers } from './transport-members.js';
import { abortCode, streamError } from './web-transport-error.js';
import { toBytes } from './webidl.js';

/** An atomic write does not fit into what flow control allows. */
export interface BlockedError {
  readonly kind: 'blocked';
}

/** What a send stream needs of its half: SendHalf. */
export interface OutgoingHalf {
  onStopped: ((error: HalfError) => void) | undefined;
  readonly over: boolean;
  /** @param atomic the whole chunk, or nothing of it and BlockedError */
  write(chunk: Uint8Array, done: (error?: HalfError | BlockedError) => void, atomic: boolean): void;
  end(done: SendDone): void;
  /** @param committed bytes that arrive all the same, where RESET_STREAM_AT is supported */
  reset(code: number, committed: number): void;
  setPriority(sendGroup: number, sendOrder: number): void;
  stats(): Promise<SendHalfStats | undefined>;
}

/** [[PendingOperation]]: the write or close that is under way. */
interface PendingOperation {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Node's has it in every version that is supported; its types lack it. */
interface AbortableController extends WritableStreamDefaultController {
  readonly signal: AbortSignal;
}

/**
 * Under a WebTransportSendStream: its procedures (W3C WebTransport 7.4) over the half of a QUIC stream.
 *
 * The specification copies a chunk when its turn to be written comes, at a time that a script cannot see. So a script has
 * to leave a chunk alone until its write is settled in any case, and it is not copied here: neqo takes it where it is.
 */
export class SendStreamSink implements UnderlyingSink<unknown>, TransportMember {
  readonly transport: object;
  readonly #half: OutgoingHalf;
  readonly #members: TransportMembers;
  #controller: WritableStreamDefaultController | undefined;
  #pending: PendingOperation | undefined;
  /** Atomic writes, the one under way included. */
  readonly #atomicWrites = new Set<AtomicChunk>();
  /** Others in the WritableStream's queue, without the one under way. */
  #queuedWrites = 0;
  #bytesWritten = 0;
  #committedOffset = 0;
  #over = false;
  #priority: SendPriority;
  /** The writer that has locked the stream and tells of its aborts. */
  #writer: object | undefined;
  /** The controller's signal tells of anybody else's. Made only for them: it makes a WritableStream a third dearer on Node 20. */
  #watching = false;
  #group: SendGroupState | undefined;

  /** @param transport tells whose send groups may be used */
  constructor(half: OutgoingHalf, members: TransportMembers, transport: object, priority: SendPriority) {
    this.#half = half;
    this.#members = members;
    this.transport = transport;
    this.#priority = priority;
    this.#join(groupState(priority.sendGroup));
  }

  get priority(): SendPriority {
    return this.#priority;
  }

  /** Every write passes here at once, whether through a writer or a pipe. */
  readonly strategy = {
    size: (chunk: unknown): number => {
      if (chunk instanceof AtomicChunk) this.#atomicWrites.add(chunk);
      else this.#queuedWrites++;
      return 1;
    },
  };

  start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
    this.#half.onStopped = (error) => this.#halfFailed(error);
    this.#members.add(this);
    // It can have ended while it waited to be taken, and tells that at once.
    if (this.#half.over) this.#half.write(new Uint8Array(), (error) => this.#halfFailed(error), false);
  }

  write(chunk: unknown): Promise<void> | undefined {
    let source = chunk;
    if (chunk instanceof AtomicChunk) {
      if (chunk.failure !== undefined) return undefined;
      source = chunk.source;
    } else {
      this.#queuedWrites--;
    }
    const bytes = this.#bytes(source);
    if (bytes.byteLength === 0) {
      if (chunk instanceof AtomicChunk) this.#atomicWrites.delete(chunk);
      return undefined;
    }
    const length = bytes.byteLength;
    return new Promise((resolve, reject) => {
      this.#begin({ resolve, reject });
      this.#half.write(
        bytes,
        (error) => {
          if (error?.kind === 'blocked') this.#abortAtomicWrites();
          else if (error !== undefined) this.#halfFailed(error);
          // The peer must not take what is left of it for all of it.
          else if (bytes.byteLength !== length) this.#abort(new TypeError('The chunk was detached while it was sent'));
          else {
            if (chunk instanceof AtomicChunk) this.#atomicWrites.delete(chunk);
            this.#bytesWritten += length;
            this.#settle();
          }
        },
        chunk instanceof AtomicChunk,
      );
    });
  }

  /** Fulfilled once the peer has acknowledged everything. Until then the session's end is this stream's as well. */
  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begin({ resolve, reject });
      this.#half.end((error) => {
        if (error !== undefined) {
          this.#halfFailed(error);
          return;
        }
        this.#end();
        this.#settle();
      });
    });
  }

  abort(reason: unknown): void {
    this.#abort(reason);
  }

  /** A writer that tells of its aborts has locked the stream. */
  writerTaken(writer: object): void {
    this.#writer = writer;
  }

  writerReleased(writer: object): void {
    if (this.#writer !== writer) return;
    this.#writer = undefined;
    if (this.#pending !== undefined) this.#watchSignal();
  }

  /** The writer aborts: a write or close that is under way is broken off, which the abort would else have to wait for. */
  writerAborts(writer: object, reason: unknown): void {
    if (this.#writer !== writer) return;
    // As the signal's reason would be.
    this.#breakOff(reason === undefined ? new DOMException('The stream was aborted', 'AbortError') : reason);
  }

  sessionEnded(error: unknown): void {
    this.#fail(error);
  }

  /** Takes effect on what neqo has not sent yet. */
  setPriority(priority: SendPriority): void {
    this.#priority = priority;
    if (this.#over) return;
    const group = groupState(priority.sendGroup);
    this.#join(group);
    this.#half.setPriority(group?.id ?? 0, engineOrder(priority));
  }

  /** Counts in the group's statistics from now on. */
  #join(group: SendGroupState | undefined): void {
    this.#group?.streams.delete(this);
    this.#group = group;
    group?.streams.add(this);
  }

  /** What has been written arrives, even if the stream is aborted later (draft-ietf-quic-reliable-stream-reset). */
  commit(): void {
    this.#committedOffset = this.#bytesWritten;
  }

  /** What neqo has forgotten is absent: how far a stream came that was aborted. */
  async stats(): Promise<WebTransportSendStreamStats> {
    const stats = await this.#half.stats();
    const bytesWritten = this.#bytesWritten;
    if (stats === undefined) return { bytesWritten };
    // neqo counts a write's bytes before the write is over.
    const bytesSent = Math.min(stats.bytesSent, bytesWritten);
    return { bytesWritten, bytesSent, bytesAcknowledged: Math.min(stats.bytesAcknowledged, bytesSent) };
  }

  #begin(operation: PendingOperation): void {
    this.#pending = operation;
    if (this.#writer === undefined) this.#watchSignal();
  }

  #watchSignal(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { signal } = this.#controller as AbortableController;
    signal.addEventListener('abort', () => this.#breakOff(signal.reason));
  }

  #breakOff(reason: unknown): void {
    if (this.#pending !== undefined) this.#abort(reason);
  }

  #bytes(chunk: unknown): Uint8Array {
    try {
      return toBytes(chunk, 'chunk');
    } catch (error) {
      // The WritableStream is errored by this and can send nothing any more, so the QUIC stream is of no use either.
      this.#abort(error);
      throw error;
    }
  }

  #end(): void {
    this.#over = true;
    this.#members.delete(this);
    void this.#group?.retire(this);
  }

  #settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve();
  }

  #abort(reason: unknown): void {
    if (this.#over) return;
    this.#end();
    const pending = this.#pending;
    this.#pending = undefined;
    this.#half.reset(abortCode(reason), this.#committedOffset);
    pending?.reject(reason);
  }

  #halfFailed(error: HalfError | BlockedError | undefined): void {
    // The session's end comes from the transport, with its error.
    if (error?.kind === 'stopped') this.#fail(streamError('The peer stopped reading the stream', error.code));
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
    this.#controller?.error(error);
  }

  /** "Abort all atomic write requests": nothing but them is lost, unless an ordinary write was to follow. */
  #abortAtomicWrites(): void {
    const error = new DOMException('The chunk does not fit into the flow control window', 'AbortError');
    if (this.#queuedWrites > 0) {
      this.#abort(error);
      this.#controller?.error(error);
      return;
    }
    for (const chunk of this.#atomicWrites) chunk.failure = error;
    this.#atomicWrites.clear();
    this.#settle();
  }
}
