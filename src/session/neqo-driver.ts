import { NativeError, NeqoReentryError } from '../errors.js';
import {
  loadAddon,
  NativeResult,
  type NativeStats,
  type NeqoHttp3Conn,
  type NeqoHttp3ConnParams,
  Status,
} from '../native.js';
import { NeqoEventReader } from './neqo-events.js';

/** Fits the events of a full batch of packets; one larger event makes native code replace the buffer. */
const EVENT_BUFFER_BYTES = 64 * 1024;

/**
 * Holds a native connection and enforces the invariant of the architecture: neqo is touched only while recvData, sendData
 * or onQuicTimeoutExpired is on the stack, and these do not nest.
 */
export class NeqoDriver {
  readonly #conn: NeqoHttp3Conn;
  readonly #status = new Float64Array(Status.LENGTH);
  readonly #reader = new NeqoEventReader();
  #entered = false;
  #destroyed = false;

  constructor(params: NeqoHttp3ConnParams) {
    const { NeqoHttp3Conn: Conn } = loadAddon();
    this.#conn = new Conn(params, this.#status, Buffer.alloc(EVENT_BUFFER_BYTES));
  }

  /** What the last call left besides its result. */
  get status(): Float64Array {
    return this.#status;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** An entry point is on the stack. */
  get entered(): boolean {
    return this.#entered;
  }

  /** The native connection. @throws NeqoReentryError if no entry point is on the stack */
  get conn(): NeqoHttp3Conn {
    if (!this.#entered) {
      throw new NeqoReentryError(
        'neqo was touched while none of recvData, sendData and onQuicTimeoutExpired was on the stack',
      );
    }
    return this.#conn;
  }

  /** Marks that an entry point is on the stack; false, and nothing marked, if one is already or the connection is gone. */
  enter(): boolean {
    if (this.#entered || this.#destroyed) return false;
    this.#entered = true;
    return true;
  }

  leave(): void {
    this.#entered = false;
  }

  /** Reads a batch of events; undefined if there are none. */
  nextEvents(): NeqoEventReader | undefined {
    const length = this.conn.nextEvents();
    if (length === 0) return undefined;
    this.check(length, 'nextEvents');
    this.#reader.reset(this.#conn.eventBuffer(), length);
    return this.#reader;
  }

  /** Passes a result on. @throws NativeError for results that only a defect explains */
  check(result: number, call: string): number {
    if (result === NativeResult.PANIC || result === NativeResult.INTERNAL) {
      throw new NativeError(`neqo ${call}: ${this.#conn.lastError()}`);
    }
    return result;
  }

  /** neqo's name of its last error, for messages. */
  lastError(): string {
    return this.#conn.lastError();
  }

  /** Frees the native connection at once, and returns its last statistics. Idempotent. */
  destroy(): NativeStats | undefined {
    if (this.#destroyed) return undefined;
    this.#destroyed = true;
    try {
      return this.#conn.stats();
    } catch {
      // A connection that panicked has none.
      return undefined;
    } finally {
      this.#conn.destroy();
    }
  }
}
