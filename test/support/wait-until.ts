import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 5;
const DEADLINE_MS = 20_000;

/**
 * Waits until `holds` returns something else than undefined or false.
 * @param what for the error
 * @throws Error that names what was waited for, after 20 s
 */
export async function waitUntil<T>(what: string, holds: () => T | undefined | false): Promise<T> {
  const giveUp = performance.now() + DEADLINE_MS;
  for (;;) {
    const value = holds();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > giveUp) throw new Error(`waited in vain for ${what}`);
    await sleep(INTERVAL_MS);
  }
}
