import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../../src/native.js';
import { loadServerAddon } from '../../../src/native-server.js';
import type { ConnectionEntry } from '../../../src/server/connection-entry.js';
import { ConnectionRegistry } from '../../../src/server/connection-registry.js';
import type { VirtualFdOptions } from '../../../src/server/virtual-fd-options.js';
import { type Descriptor, expectNoNewDescriptors, listDescriptors, newDescriptors } from '../../support/descriptors.js';
import { collectGarbage } from '../../support/memory.js';
import { waitUntil } from '../../support/wait-until.js';
import { FdPoller } from './fd-poller.js';
import { CLEAN_END, FACTS, openConnections, TLS } from './open-connection.js';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
/** SOCK_STREAM as /proc/net/unix shows it. */
const STREAM = '0001';

/** Unix stream sockets of this process by inode, also those in a descriptor table that only one of its threads has. */
function streamSockets(): Map<string, { fd: number; flags: number }> {
  const streams = new Set(
    readFileSync('/proc/self/net/unix', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , , type]) => type === STREAM)
      .map((columns) => columns[6]),
  );
  const found = new Map<string, { fd: number; flags: number }>();
  for (const task of readdirSync('/proc/self/task')) {
    for (const fd of readdirSync(`/proc/self/task/${task}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/self/task/${task}/fd/${fd}`))?.[1];
      if (inode === undefined || !streams.has(inode)) continue;
      const info = readFileSync(`/proc/self/task/${task}/fdinfo/${fd}`, 'latin1');
      const flags = Number.parseInt(/^flags:\s+([0-7]+)$/m.exec(info)?.[1] ?? '', 8);
      found.set(inode, { fd: Number(fd), flags });
    }
  }
  return found;
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor of the listing itself.
    return '';
  }
}

describe('virtual fds', () => {
  let before: readonly Descriptor[];
  let registry: ConnectionRegistry;
  let connects: number;
  let closes: number;

  function makeRegistry(virtualFds: VirtualFdOptions = {}): ConnectionRegistry {
    connects = 0;
    closes = 0;
    registry = new ConnectionRegistry(
      {
        maxConnections: 6000,
        virtualFds,
        onConnect: () => {
          connects += 1;
        },
        onClose: () => {
          closes += 1;
        },
      },
      loadServerAddon(),
    );
    return registry;
  }

  beforeEach(() => {
    before = listDescriptors();
  });

  afterEach(async () => {
    registry.close();
    await expectNoNewDescriptors(before);
    await waitUntil('the internal ends to close', () => loadAddon().counters().virtualFds === 0);
  });

  it('are socketpairs, both ends non-blocking and close-on-exec', async () => {
    const socketsBefore = new Set(streamSockets().keys());
    makeRegistry({ poolBatch: 1, poolHigh: 0, poolLow: 0 });
    const [entry] = openConnections(registry, 1);
    const ends = await waitUntil('both ends', () => {
      const found = [...streamSockets()].filter(([inode]) => !socketsBefore.has(inode));
      return found.length === 2 && found;
    });
    expect(ends.map(([, { fd }]) => fd)).toContain(entry?.fd);
    const wanted = O_NONBLOCK | O_CLOEXEC;
    expect(ends.map(([, { flags }]) => flags & wanted)).toEqual([wanted, wanted]);
  });

  it('signal a hang-up to whoever polls them, without a net.Socket, and not before the end', async () => {
    makeRegistry();
    const [entry, other] = openConnections(registry, 2);
    const poller = new FdPoller(entry?.fd ?? -1);
    const otherPoller = new FdPoller(other?.fd ?? -1);
    expect(await poller.next()).toBe('none');
    expect(await otherPoller.next()).toBe('none');
    entry?.closed(CLEAN_END);
    expect(await poller.next()).toBe('IN,HUP,RDHUP');
    expect(await poller.next()).toBe('0');
    await poller.ended();
    other?.closed(CLEAN_END);
    expect(await otherPoller.next()).toBe('IN,HUP,RDHUP');
    await otherPoller.ended();
  });

  it('signal a hang-up when the table is closed', async () => {
    makeRegistry();
    const [entry] = openConnections(registry, 1);
    const poller = new FdPoller(entry?.fd ?? -1);
    expect(await poller.next()).toBe('none');
    registry.close();
    expect(await poller.next()).toBe('IN,HUP,RDHUP');
    await poller.ended();
  });

  it.each([1000, 5000])('give each of %i connections its own entry, fd and session id', (count) => {
    makeRegistry();
    const entries = openConnections(registry, count);
    expect(connects).toBe(count);
    expect(new Set(entries.map(({ fd }) => fd)).size).toBe(count);
    expect(new Set(entries.map(({ sessionId }) => sessionId)).size).toBe(count);
    expect(entries.every((entry) => registry.byFd(entry.fd) === entry)).toBe(true);
    expect(entries.every((entry) => registry.bySessionId(entry.sessionId) === entry)).toBe(true);
    for (const entry of entries) entry.closed(CLEAN_END);
    expect(closes).toBe(count);
    expect(registry.size).toBe(0);
  });

  it('end 1,000 net.Sockets with their connections', async () => {
    makeRegistry();
    const entries = openConnections(registry, 1000);
    let ended = 0;
    let closed = 0;
    for (const { socket } of entries) {
      socket?.on('end', () => {
        ended += 1;
      });
      socket?.on('close', () => {
        closed += 1;
      });
    }
    for (const entry of entries) entry.closed(CLEAN_END);
    await waitUntil('all sockets to close', () => closed === 1000);
    expect(ended).toBe(1000);
  });

  it('leak neither descriptors nor memory in 20,000 connections of all kinds', async () => {
    makeRegistry({ quarantineMs: 20 });
    const cycle = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const entries = Array.from({ length: 20 }, () => registry.open(FACTS));
        for (const [index, entry] of entries.entries()) useAs(index % 5, entry);
        await turn();
        for (const entry of entries) entry.closed(CLEAN_END);
        await turn();
      }
    };
    await cycle(100);
    await collectGarbage();
    const bytesBefore = process.memoryUsage().heapUsed;
    await cycle(900);
    await waitUntil('the quarantine to end', () => registry.stats().virtualFds?.quarantined === 0);
    await collectGarbage();
    const growth = process.memoryUsage().heapUsed - bytesBefore;
    // Four of each five had a complete handshake.
    expect([connects, closes]).toEqual([16_000, 16_000]);
    expect(registry.size).toBe(0);
    // One entry of 600 bytes kept for each of 18,000 connections would be 10 MiB.
    expect(growth).toBeLessThan(4 * 1024 * 1024);
    const { pooled = 0, inUse } = registry.stats().virtualFds ?? {};
    expect(inUse).toBe(0);
    expect(newDescriptors(before).length).toBeLessThanOrEqual(2 * pooled);
  });

  /** Handshake failed; fd not looked at; fd told; socket made; socket destroyed by the user. */
  function useAs(kind: number, entry: ConnectionEntry): void {
    if (kind === 0) return;
    entry.connected(TLS);
    if (kind === 2) entry.fd;
    if (kind >= 3) entry.socket?.resume();
    if (kind === 4) entry.socket?.destroy();
  }

  it('are let go of by the table: an ended entry is garbage', async () => {
    makeRegistry({ quarantineMs: 0 });
    let socketsClosed = 0;
    const references = openConnections(registry, 100).map((entry) => {
      entry.socket?.on('close', () => {
        socketsClosed += 1;
      });
      entry.closed(CLEAN_END);
      return new WeakRef(entry);
    });
    await waitUntil('the sockets to close', () => socketsClosed === 100);
    await collectGarbage();
    expect(references.filter((reference) => reference.deref() !== undefined).length).toBe(0);
  });
});
