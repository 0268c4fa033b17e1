/** Opens connections until none can be opened, in a process with few descriptors, and prints what it saw. */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadServerAddon } from '../../../src/native-server.js';
import type { ConnectionEntry } from '../../../src/server/connection-entry.js';
import { ConnectionRegistry } from '../../../src/server/connection-registry.js';
import { VirtualFdExhaustedError } from '../../../src/server/virtual-fd-errors.js';
import { listDescriptors, newDescriptors } from '../../support/descriptors.js';
import { waitUntil } from '../../support/wait-until.js';
import { CLEAN_END, FACTS, TLS } from './open-connection.js';

export interface LimitReport {
  opened: number;
  refusal: { code: string; errno: string };
  filesOpened: number;
  allFound: boolean;
  socketsOpen: number;
  refusedInARow: number;
  reopened: number;
  warningsAtFirst: number;
  warnings: number;
  descriptorsLeft: number;
}

/** The refusal, or undefined if the connection was opened. */
function tryOpen(registry: ConnectionRegistry, entries: Set<ConnectionEntry>): VirtualFdExhaustedError | undefined {
  try {
    const entry = registry.open(FACTS);
    entry.connected(TLS);
    entries.add(entry);
    return undefined;
  } catch (error) {
    if (error instanceof VirtualFdExhaustedError) return error;
    throw error;
  }
}

function openAll(registry: ConnectionRegistry, entries: Set<ConnectionEntry>): VirtualFdExhaustedError {
  for (;;) {
    const refusal = tryOpen(registry, entries);
    if (refusal !== undefined) return refusal;
  }
}

const before = listDescriptors();
let warnings = 0;
const entries = new Set<ConnectionEntry>();
const registry = new ConnectionRegistry(
  {
    maxConnections: 1000,
    onConnect: () => undefined,
    onClose: (entry) => entries.delete(entry),
    onFdWarning: () => {
      warnings += 1;
    },
  },
  loadServerAddon(),
);

const { code, errno } = openAll(registry, entries);
const opened = entries.size;
const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
for (const file of files) closeSync(file);

let refusedInARow = 0;
for (let attempt = 0; attempt < 1000; attempt += 1) if (tryOpen(registry, entries) !== undefined) refusedInARow += 1;

const warningsAtFirst = warnings;
const allFound = [...entries].every((entry) => registry.byFd(entry.fd) === entry);
const sockets = [...entries].slice(0, 10).map(({ socket }) => socket);
await sleep(20);
const socketsOpen = sockets.filter((socket) => socket?.readyState === 'open').length;

for (const entry of [...entries].slice(0, 80)) entry.closed(CLEAN_END);
await waitUntil('the quarantine to end', () => registry.stats().virtualFds?.quarantined === 0);
openAll(registry, entries);
const reopened = entries.size;

registry.close();
await waitUntil('descriptors to close', () => newDescriptors(before).length === 0);
const report: LimitReport = {
  opened,
  refusal: { code, errno },
  filesOpened: files.length,
  allFound,
  socketsOpen,
  refusedInARow,
  reopened,
  warningsAtFirst,
  warnings,
  descriptorsLeft: newDescriptors(before).length,
};
process.stdout.write(JSON.stringify(report));
