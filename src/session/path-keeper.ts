import type { NetworkChange, NetworkListener } from '../transport/network-watch.js';

/** Milliseconds between two moves. A peer gives few connection ids at a time, and gets back those of left paths only in a round trip. */
const MIN_INTERVAL_MS = 250;
/** Milliseconds until the next attempt after one that failed: doubled each time, up to the second. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** What the keeper needs of the session whose path it keeps. */
export interface MovableSession {
  /** The local address in use. */
  readonly localAddress: string;
  /**
   * Moves to a new socket in the coming turn; false if that is not possible, or the connection is over.
   *
   * @param elsewhere only if the system now chooses another local address
   */
  move(elsewhere: boolean): Promise<boolean>;
}

/**
 * Keeps a connection on a path that works: moves it to another local address when it is asked to, and by itself when the one in use
 * is gone. It goes on trying until it succeeds, something arrives, or the connection ends of its idle timeout.
 */
export class PathKeeper implements NetworkListener {
  readonly #session: MovableSession;
  #asked: Promise<boolean> | undefined;
  #movedAt = Number.NEGATIVE_INFINITY;
  #spacing: NodeJS.Timeout | undefined;
  #endSpacing: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isTrying = false;
  #stopped = false;

  constructor(session: MovableSession) {
    this.#session = session;
  }

  /** Moves, whatever the local address is. Those who ask at the same time get one move. */
  rebind(): Promise<boolean> {
    this.#asked ??= this.#moveSpaced(false).finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  /** Nothing can be sent from the local address in use. */
  pathLost(): void {
    if (this.#isTrying || this.#retry !== undefined || this.#stopped) return;
    this.#isTrying = true;
    void this.#moveSpaced(true).then((moved) => {
      this.#isTrying = false;
      if (moved || this.#stopped) return;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.pathLost();
      }, this.#retryMs);
      this.#retry.unref();
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    });
  }

  /** Something has arrived. */
  pathWorks(): void {
    this.#retryMs = FIRST_RETRY_MS;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  onNetworkChange({ removed }: NetworkChange): void {
    if (removed.has(this.#session.localAddress)) this.pathLost();
  }

  /** The connection is over. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#spacing);
    this.#endSpacing?.();
  }

  async #moveSpaced(elsewhere: boolean): Promise<boolean> {
    const delay = this.#movedAt + MIN_INTERVAL_MS - performance.now();
    if (delay > 0) await this.#pause(delay);
    if (this.#stopped) return false;
    const moved = await this.#session.move(elsewhere);
    if (moved) this.#movedAt = performance.now();
    return moved;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endSpacing = resolve;
      this.#spacing = setTimeout(resolve, ms);
    });
  }
}
