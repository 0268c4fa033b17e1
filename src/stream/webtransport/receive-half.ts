import { applicationToHttp3Code, http3ToApplicationCode, WT_SESSION_GONE } from './error-codes.js';
import type { HalfOwner } from './half-owner.js';
import type { HalfError, SessionEnd } from './session-end.js';
import type { Mover, TurnQueue } from './turn-queue.js';

export interface ReceiveHalfStats {
  /** In order, whether read or not. */
  readonly bytesReceived: number;
  /** Read by the application. */
  readonly bytesRead: number;
}

/**
 * @param bytes how many were read; 0 at the end, or with an error
 * @param fin the stream's end was reached with them
 */
export type ReadDone = (bytes: number, fin: boolean, error?: HalfError) => void;

/** The half of a stream that receives: RFC 9000 3.2. All methods may be called at any time. */
export class ReceiveHalf implements Mover {
  /** The peer reset it, or the session has ended. Called once, after a pending read. */
  onReset: ((error: HalfError) => void) | undefined;
  readonly #turns: TurnQueue;
  readonly #streamId: number;
  readonly #owner: HalfOwner;
  #over = false;
  #error: HalfError | undefined;
  #into: Uint8Array | undefined;
  #done: ReadDone | undefined;
  #bytesRead = 0;
  /** Bytes that the session's flow control knows of; at least those read. */
  #bytesCounted = 0;
  #lastStats: ReceiveHalfStats | undefined;

  constructor(turns: TurnQueue, streamId: number, owner: HalfOwner) {
    this.#turns = turns;
    this.#streamId = streamId;
    this.#owner = owner;
  }

  /** The end was read, or the half was reset or stopped. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Reads straight into `into` (at least 1 byte) as soon as there are bytes; one read at a time. Nothing is read before it
   * is asked for, and that is the back-pressure: unread bytes use up the peer's flow control credit.
   *
   * @param done called once; at once if the half is over already
   */
  read(into: Uint8Array, done: ReadDone): void {
    if (this.#over) {
      done(0, this.#error === undefined, this.#error);
      return;
    }
    this.#into = into;
    this.#done = done;
    this.#turns.wants(this);
  }

  /** STOP_SENDING. A pending read is called back with it. Idempotent. @param code the application's, 0 to 2^32 - 1 */
  stop(code: number): void {
    if (this.#over) return;
    const wireCode = applicationToHttp3Code(code);
    this.#turns.later(() => this.#turns.carrier.stopSending(this.#streamId, wireCode), undefined, this);
    this.#finish({ kind: 'stopped', code });
  }

  /** Undefined if the half was broken off and neqo has forgotten it. */
  async stats(): Promise<ReceiveHalfStats | undefined> {
    return this.#turns.ask(
      () => this.#readStats(),
      () => this.#lastStats,
    );
  }

  /** Reads once, if somebody waits for it: what is asked for bounds what one stream gets in a turn. */
  move(): boolean {
    const into = this.#into;
    const done = this.#done;
    if (into === undefined || done === undefined) return false;
    const { carrier } = this.#turns;
    const read = carrier.readData(this.#streamId, into, 0, into.byteLength);
    // Negative: neqo has closed the half, and RESET comes next.
    const fin = read >= 0 && carrier.fin;
    if (read <= 0 && !fin) return false;
    this.#into = undefined;
    this.#done = undefined;
    this.#bytesRead += read;
    if (read > 0) this.#account(read);
    if (fin) {
      this.#lastStats = { bytesReceived: this.#bytesRead, bytesRead: this.#bytesRead };
      this.#finish(undefined);
    }
    done(read, fin);
    return false;
  }

  /** What it did in a turn threw. */
  failed(error: unknown): void {
    this.#owner.failed(error);
  }

  /** DATA_READABLE. */
  readable(): void {
    if (this.#into !== undefined) this.#turns.moveNow(this);
  }

  /** RESET_STREAM arrived. @param code HTTP/3 error code */
  wasReset(code: number): void {
    this.#fail({ kind: 'reset', code: http3ToApplicationCode(code) });
  }

  /** Called inside a turn, or when the connection is over. */
  sessionEnded(end: SessionEnd): void {
    if (this.#over) return;
    if (!this.#turns.over) this.#turns.carrier.stopSending(this.#streamId, WT_SESSION_GONE);
    this.#fail({ kind: 'session', end });
  }

  #fail(error: HalfError): void {
    if (this.#over) return;
    this.#finish(error);
    const reset = this.onReset;
    this.onReset = undefined;
    reset?.(error);
  }

  #finish(error: HalfError | undefined): void {
    this.#over = true;
    this.#error = error;
    this.#turns.forget(this);
    const done = this.#done;
    this.#into = undefined;
    this.#done = undefined;
    if (error !== undefined) this.#owner.flow?.receiving.brokenOff(this.#bytesCounted - this.#bytesRead);
    this.#owner.halfOver();
    done?.(0, false, error);
  }

  /** For the session's flow control: what was read, and what else is here, as far as that is new. */
  #account(read: number): void {
    const flow = this.#owner.flow;
    if (flow === undefined) return;
    if (this.#bytesRead > this.#bytesCounted) {
      const arrived = this.#turns.carrier.recvStreamStats(this.#streamId)?.bytesReceived ?? 0;
      const counted = Math.max(this.#bytesRead, arrived);
      flow.receiving.received(counted - this.#bytesCounted);
      this.#bytesCounted = counted;
    }
    flow.receiving.read(read);
  }

  #readStats(): ReceiveHalfStats | undefined {
    this.#lastStats = this.#turns.carrier.recvStreamStats(this.#streamId) ?? this.#lastStats;
    return this.#lastStats;
  }
}
