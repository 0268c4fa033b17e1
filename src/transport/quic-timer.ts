/**
 * The timer that neqo asks for. One per connection.
 *
 * neqo names a new time after almost every packet. The timer of the event loop is therefore moved only when the new time
 * is earlier than the armed one; when it fires too early it arms itself again for the rest.
 */
export class QuicTimer {
  readonly #onExpired: () => void;
  #handle: NodeJS.Timeout | undefined;
  /** When the event loop's timer will fire, and when neqo wants to be called; milliseconds of the monotonic clock. */
  #armedFor = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;
  #referenced = false;

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** @param delayMs whole milliseconds, or -1 for never */
  schedule(delayMs: number): void {
    if (delayMs < 0) {
      this.cancel();
      return;
    }
    const now = performance.now();
    this.#deadline = now + delayMs;
    if (this.#handle === undefined || this.#deadline < this.#armedFor) this.#arm(now);
  }

  cancel(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  ref(): void {
    this.#referenced = true;
    this.#handle?.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#handle?.unref();
  }

  #arm(now: number): void {
    clearTimeout(this.#handle);
    // setTimeout cuts fractions off; a timer that fires before its time would only be armed again.
    const delay = Math.min(Math.max(1, Math.ceil(this.#deadline - now)), MAX_DELAY_MS);
    this.#armedFor = now + delay;
    this.#handle = setTimeout(this.#onTimeout, delay);
    if (!this.#referenced) this.#handle.unref();
  }

  readonly #onTimeout = (): void => {
    this.#handle = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = performance.now();
    if (now + TOLERANCE_MS < this.#deadline) {
      this.#arm(now);
      return;
    }
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#onExpired();
  };
}

/** The longest delay that setTimeout takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** libuv counts in whole milliseconds of its loop time, which may lie this far from the clock. */
const TOLERANCE_MS = 1;
