import { setTimeout as sleep } from 'node:timers/promises';

/** By the name of the promise: 'pending', 'fulfilled' with the value as JSON, or the class and source of the error. */
export type Outcomes = Readonly<Record<string, string>>;

const INTERVAL_MS = 10;
const PATIENCE_MS = 10_000;
/** Settles only if the peer asks for an end. */
const MAY_STAY_PENDING = /^draining$/;

/** Promises of one session, and what became of them. */
export class Ledger {
  readonly #outcomes = new Map<string, string>();

  watch(name: string, promise: Promise<unknown>): void {
    if (this.#outcomes.has(name)) throw new Error(`'${name}' is watched already`);
    this.#outcomes.set(name, 'pending');
    promise.then(
      (value) => this.#outcomes.set(name, `fulfilled${describe(value)}`),
      (error: unknown) => this.#outcomes.set(name, nameOf(error)),
    );
  }

  /** Waits for all to settle, for a while. */
  async outcomes(): Promise<Outcomes> {
    const giveUp = performance.now() + PATIENCE_MS;
    while (this.#waiting() && performance.now() < giveUp) await sleep(INTERVAL_MS);
    return Object.fromEntries(this.#outcomes);
  }

  #waiting(): boolean {
    for (const [name, outcome] of this.#outcomes) {
      if (outcome === 'pending' && !MAY_STAY_PENDING.test(name)) return true;
    }
    return false;
  }
}

/** Streams, keys and statistics are not compared: that they are there is what counts. */
function describe(value: unknown): string {
  const isPlain = typeof value === 'object' && value !== null && ('closeCode' in value || 'done' in value);
  return isPlain ? ` ${JSON.stringify(value)}` : '';
}

function nameOf(error: unknown): string {
  const { name, source } = error as { name?: string; source?: string };
  return source === undefined ? String(name) : `${name} ${source}`;
}
