/** What one session leaves for another to ask for, by a token that the test has made. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How a session and one of its streams ended. The names are those that the tests read. */
export interface StashedEnd {
  readonly 'stream-close-info'?: { readonly source: 'FIN' | 'reset'; readonly code?: number };
  readonly 'session-close-info'?: {
    readonly abruptly: boolean;
    readonly close_info: { readonly code: number; readonly reason: string } | null;
  };
}

/** The tests ask 10 ms after the event, which on a busy machine is before it has come to the server. */
const PATIENCE_MS = 3000;
const POLL_MS = 5;

export class Stash {
  readonly #ends = new Map<string, StashedEnd>();

  /** Adds to what is there for the token. */
  put(token: string, end: StashedEnd): void {
    this.#ends.set(token, { ...this.#ends.get(token), ...end });
  }

  /** Removes and gives what is there for the token, once there is something. An empty object: nothing has come. */
  async take(token: string): Promise<StashedEnd> {
    for (let waited = 0; waited < PATIENCE_MS && !this.#ends.has(token); waited += POLL_MS) await sleep(POLL_MS);
    const end = this.#ends.get(token) ?? {};
    this.#ends.delete(token);
    return end;
  }
}
