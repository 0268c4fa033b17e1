import { onTestFinished } from 'vitest';
import { expectNoNativeObjects } from '../../support/client.js';

/** What the current test has opened: clients end first, so that servers see them go. */
const clients = new Set<() => unknown>();
const servers = new Set<() => unknown>();

/** Ends something with the current test, which fails if native objects are left. */
export function endWithTest(what: 'client' | 'server', end: () => unknown): void {
  if (clients.size + servers.size === 0) onTestFinished(endAll);
  (what === 'client' ? clients : servers).add(end);
}

async function endAll(): Promise<void> {
  for (const group of [clients, servers]) {
    const ends = [...group];
    group.clear();
    await Promise.all(ends.map((end) => end()));
  }
  await expectNoNativeObjects();
}
