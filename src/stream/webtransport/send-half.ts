import { applicationToHttp3Code, http3ToApplicationCode, WT_SESSION_GONE } from './error-codes.js';
import type { HalfOwner } from './half-owner.js';
import type { HalfError, SessionEnd } from './session-end.js';
import type { Mover, TurnQueue } from './turn-queue.js';

/** Bytes that one stream gives to neqo in one turn, after which the others have theirs. */
const MAX_BYTES_PER_TURN = 256 * 1024;

export interface SendHalfStats {
  /** Taken from the application. */
  readonly bytesWritten: number;
  /** Sent at least once. */
  readonly bytesSent: number;
  readonly bytesAcknowledged: number;
}

const State = { OPEN: 0, ENDING: 1, ENDED: 2, OVER: 3 } as const;

/** Ends the whole half: successfully, or with the reason why not. */
export type SendDone = (error?: HalfError) => void;

/** Ends a write: successfully, or with the reason why not. 'blocked': nothing of an atomic one was taken; the half goes on. */
export type WriteDone = (error?: HalfError | { readonly kind: 'blocked' }) => void;

/** The half of a stream that sends: RFC 9000 3.1. All methods may be called at any time. */
export class SendHalf implements Mover {
  /** The peer wants no more (STOP_SENDING), or the session has ended. Called once, after the callbacks that were pending. */
  onStopped: ((error: HalfError) => void) | undefined;
  readonly #turns: TurnQueue;
  readonly #streamId: number;
  readonly #owner: HalfOwner;
  #state: (typeof State)[keyof typeof State] = State.OPEN;
  #chunk: Uint8Array | undefined;
  #offset = 0;
  #atomic = false;
  #writeDone: WriteDone | undefined;
  #endDone: SendDone | undefined;
  #error: HalfError | undefined;
  #bytesWritten = 0;
  #lastStats: SendHalfStats | undefined;

  constructor(turns: TurnQueue, streamId: number, owner: HalfOwner) {
    this.#turns = turns;
    this.#streamId = streamId;
    this.#owner = owner;
  }

  /** Nothing will be sent any more: everything is acknowledged, or the half was reset. */
  get over(): boolean {
    return this.#state === State.OVER;
  }

  /**
   * Sends bytes; one write at a time.
   *
   * @param chunk not copied, and not to be changed, until `done`
   * @param done called once neqo has taken every byte, which is the back-pressure, or with the reason why the half is over;
   *   at once if it is over already
   * @param atomic all of it at once, or nothing if flow control, of the stream, the connection or the session, does not allow
   *   that now
   */
  write(chunk: Uint8Array, done: WriteDone, atomic = false): void {
    if (this.#state === State.OVER) {
      done(this.#error);
      return;
    }
    this.#chunk = chunk;
    this.#offset = 0;
    this.#atomic = atomic;
    this.#writeDone = done;
    this.#turns.wants(this);
  }

  /**
   * Sends FIN, after the write that is under way if there is one.
   *
   * @param done called once the peer has acknowledged everything, or with the reason why the half is over
   */
  end(done: SendDone): void {
    if (this.#state === State.OVER) {
      done(this.#error);
      return;
    }
    this.#state = State.ENDING;
    this.#endDone = done;
    this.#turns.wants(this);
  }

  /**
   * RESET_STREAM. Pending callbacks are called with it. Idempotent.
   *
   * @param code the application's, 0 to 2^32 - 1
   * @param committed bytes, of those that were written, that are delivered all the same where both ends have RESET_STREAM_AT
   */
  reset(code: number, committed = 0): void {
    if (this.#state === State.OVER) return;
    const wireCode = applicationToHttp3Code(code);
    this.#turns.later(() => this.#turns.carrier.resetStream(this.#streamId, wireCode, committed), undefined, this);
    this.#finish({ kind: 'reset', code });
  }

  /** @param sendGroup of the session's `createSendGroup`, or 0 for none. @param sendOrder higher goes first */
  setPriority(sendGroup: number, sendOrder: number): void {
    if (this.#state === State.OVER) return;
    const set = (): void => {
      if (this.#state !== State.OVER) this.#turns.carrier.setSendOrder(this.#streamId, sendGroup, sendOrder);
    };
    this.#turns.later(set, undefined, this);
  }

  /** Undefined if the half was broken off and neqo has forgotten it. */
  async stats(): Promise<SendHalfStats | undefined> {
    return this.#turns.ask(
      () => this.#readStats(),
      () => this.#lastStats,
    );
  }

  /** Gives neqo what it takes, within this turn's share. */
  move(): boolean {
    let share = MAX_BYTES_PER_TURN;
    const chunk = this.#chunk;
    let blocked = false;
    while (chunk !== undefined && this.#offset < chunk.byteLength && !blocked) {
      if (share === 0) return true;
      const sent = this.#atomic ? this.#sendWhole(chunk) : this.#send(chunk, share);
      blocked = this.#atomic && sent === 0;
      // 0: DATA_WRITABLE says when to go on. Negative: neqo has closed the half, and STOP_SENDING comes next.
      if (sent <= 0 && !blocked) return false;
      this.#offset += sent;
      this.#bytesWritten += sent;
      share -= Math.min(sent, share);
    }
    if (this.#state === State.ENDING) {
      this.#turns.carrier.endStream(this.#streamId);
      this.#state = State.ENDED;
    }
    this.#chunk = undefined;
    const done = this.#writeDone;
    this.#writeDone = undefined;
    if (blocked) done?.({ kind: 'blocked' });
    else done?.();
    return false;
  }

  /** @returns bytes taken, 0 if none now, negative if the half is over */
  #send(chunk: Uint8Array, share: number): number {
    const limit = this.#owner.flow?.sending;
    const length = Math.min(chunk.byteLength - this.#offset, share, limit?.credit ?? share);
    if (length === 0) {
      limit?.wait(this);
      return 0;
    }
    const sent = this.#turns.carrier.sendData(this.#streamId, chunk, this.#offset, length, false);
    if (sent > 0) limit?.take(sent);
    return sent;
  }

  #sendWhole(chunk: Uint8Array): number {
    const limit = this.#owner.flow?.sending;
    if (limit !== undefined && limit.credit < chunk.byteLength) return 0;
    const sent = this.#turns.carrier.sendDataAtomic(this.#streamId, chunk);
    if (sent > 0) limit?.take(sent);
    return sent;
  }

  /** What it did in a turn threw. */
  failed(error: unknown): void {
    this.#owner.failed(error);
  }

  /** DATA_WRITABLE: flow control has room again. */
  writable(): void {
    if (this.#chunk !== undefined) this.#turns.moveNow(this);
  }

  /** STOP_SENDING arrived; neqo answers it with RESET_STREAM by itself (RFC 9000 3.5). @param code HTTP/3 error code */
  stopped(code: number): void {
    this.#fail({ kind: 'stopped', code: http3ToApplicationCode(code) });
  }

  /** Everything, FIN included, is acknowledged. */
  finished(): void {
    if (this.#state !== State.ENDED) return;
    const all = this.#bytesWritten;
    this.#lastStats = { bytesWritten: all, bytesSent: all, bytesAcknowledged: all };
    this.#finish(undefined);
  }

  /** Called inside a turn, or when the connection is over. */
  sessionEnded(end: SessionEnd): void {
    if (this.#state === State.OVER) return;
    if (!this.#turns.over) this.#turns.carrier.resetStream(this.#streamId, WT_SESSION_GONE);
    this.#fail({ kind: 'session', end });
  }

  #fail(error: HalfError): void {
    if (this.#state === State.OVER) return;
    this.#finish(error);
    const stopped = this.onStopped;
    this.onStopped = undefined;
    stopped?.(error);
  }

  #finish(error: HalfError | undefined): void {
    this.#state = State.OVER;
    this.#error = error;
    this.#turns.forget(this);
    this.#chunk = undefined;
    const [writeDone, endDone] = [this.#writeDone, this.#endDone];
    this.#writeDone = undefined;
    this.#endDone = undefined;
    this.#owner.flow?.sending.forget(this);
    this.#owner.halfOver();
    writeDone?.(error);
    endDone?.(error);
  }

  #readStats(): SendHalfStats | undefined {
    const stats = this.#turns.carrier.sendStreamStats(this.#streamId);
    if (stats !== undefined) {
      const { bytesWritten, bytesSent, bytesAcked } = stats;
      this.#lastStats = { bytesWritten, bytesSent, bytesAcknowledged: bytesAcked };
    }
    return this.#lastStats;
  }
}
