/**
 * The bytes that the peer may send on all streams of a session together (draft 15, 5.4). What the application reads comes back
 * to the peer as credit, so one session that is not read does not use up what the connection has for all of them.
 */
export class IncomingDataLimit {
  readonly #maxWindow: number;
  readonly #tellLimit: (limit: number) => void;
  readonly #violated: () => void;
  /** Bytes that may be here unread. */
  #window: number;
  #limit: number;
  #received = 0;
  /** Bytes that are here no longer: read, or given up. */
  #done = 0;
  /** Bytes that streams may have carried beyond what is known of them. */
  #unknown = 0;
  #peerBlocked = false;

  /**
   * @param window bytes, the limit in SETTINGS; doubles up to `maxWindow` whenever the peer had to wait
   * @param tellLimit sends WT_MAX_DATA
   * @param violated the peer sent more
   */
  constructor(window: number, maxWindow: number, tellLimit: (limit: number) => void, violated: () => void) {
    this.#window = window;
    this.#limit = window;
    this.#maxWindow = Math.max(window, maxWindow);
    this.#tellLimit = tellLimit;
    this.#violated = violated;
  }

  /** Bytes have arrived. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#received > this.#limit) this.#violated();
  }

  /** The application has read bytes. */
  read(bytes: number): void {
    this.#done += bytes;
    this.#raise();
  }

  /**
   * A stream was reset or stopped. Its final size counts for the peer (draft 15, 5.4), and neqo does not tell it. At most all
   * that was allowed is gone; a limit that is higher by so much costs nothing, since QUIC's bounds what is held.
   *
   * @param unread bytes that had been counted as received
   */
  brokenOff(unread: number): void {
    const unknown = Math.max(0, this.#limit - this.#received - this.#unknown);
    this.#unknown += unknown;
    this.#done += unread + unknown;
    this.#raise();
  }

  /** WT_DATA_BLOCKED. */
  peerBlocked(limit: number): void {
    if (limit !== this.#limit) return;
    this.#peerBlocked = true;
    this.#raise();
  }

  /** In large steps, but before the peer has to wait. */
  #raise(): void {
    const gain = this.#done + this.#window - this.#limit;
    const left = this.#limit - this.#received - this.#unknown;
    if (gain <= 0 || (gain < this.#window / 2 && gain < left && !this.#peerBlocked)) return;
    if (this.#peerBlocked) this.#window = Math.min(2 * this.#window, this.#maxWindow);
    this.#peerBlocked = false;
    this.#limit = this.#done + this.#window;
    this.#tellLimit(this.#limit);
  }
}
