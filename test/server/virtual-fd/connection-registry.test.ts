import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { ConnectionEntry } from '../../../src/server/connection-entry.js';
import { ConnectionRegistry, type ConnectionRegistryOptions } from '../../../src/server/connection-registry.js';
import type { ConnectionEnd } from '../../../src/server/server-types.js';
import { FakeVirtualFdCalls } from './fake-virtual-fd-calls.js';
import { CLEAN_END, FACTS, openConnections, TLS } from './open-connection.js';

function makeRegistry(options: Partial<ConnectionRegistryOptions> = {}, calls = new FakeVirtualFdCalls()) {
  const connected: ConnectionEntry[] = [];
  const closed: [ConnectionEntry, ConnectionEnd][] = [];
  const registry = new ConnectionRegistry(
    {
      maxConnections: 100,
      onConnect: (entry) => connected.push(entry),
      onClose: (entry, end) => closed.push([entry, end]),
      ...options,
    },
    calls,
  );
  return { registry, calls, connected, closed };
}

describe('connection table', () => {
  it('finds an entry by its fd and by its session id, and no longer after its end', () => {
    const { registry } = makeRegistry();
    const [first, second] = openConnections(registry, 2);
    expect(first?.fd).not.toBe(second?.fd);
    expect(registry.byFd(first?.fd ?? -1)).toBe(first);
    expect(registry.bySessionId(second?.sessionId ?? 0n)).toBe(second);
    expect([...registry.entries()]).toEqual([first, second]);
    first?.closed(CLEAN_END);
    expect(registry.byFd(first?.fd ?? -1)).toBeUndefined();
    expect(registry.bySessionId(first?.sessionId ?? 0n)).toBeUndefined();
    expect(registry.size).toBe(1);
  });

  it.each([-1, 0, 999, 1000, 2 ** 31, 0.5, Number.NaN])('finds nothing at fd %s', (fd) => {
    const { registry } = makeRegistry();
    openConnections(registry, 3);
    expect(registry.byFd(fd)).toBeUndefined();
  });

  it('calls onConnect once and onClose once, with the error code', () => {
    const { registry, connected, closed } = makeRegistry();
    const entry = registry.open(FACTS);
    expect(connected).toEqual([]);
    entry.connected(TLS);
    entry.connected(TLS);
    const end = { code: 0x10c, error: undefined };
    entry.closed(end);
    entry.closed(CLEAN_END);
    entry.connected(TLS);
    expect(connected).toEqual([entry]);
    expect(closed).toEqual([[entry, end]]);
  });

  it('calls neither for a handshake that failed, and frees its place', async () => {
    const { registry, calls, connected, closed } = makeRegistry({ maxConnections: 1 });
    for (let attempt = 0; attempt < 1000; attempt += 1) registry.open(FACTS).closed({ code: 2, error: undefined });
    expect(connected).toEqual([]);
    expect(closed).toEqual([]);
    expect(registry.size).toBe(0);
    expect(registry.stats()).toMatchObject({ opened: 1000, peakConnections: 1, virtualFds: { created: 16, inUse: 0 } });
    await turn();
    registry.close();
    expect(calls.open.size).toBe(0);
  });

  it('is in order when a listener throws', () => {
    const problem = new Error('listener');
    const { registry, calls } = makeRegistry({
      onClose: () => {
        throw problem;
      },
    });
    const [entry] = openConnections(registry, 1);
    const fd = entry?.fd ?? -1;
    expect(() => entry?.closed(CLEAN_END)).toThrow(problem);
    expect(registry.size).toBe(0);
    expect(registry.byFd(fd)).toBeUndefined();
    expect(calls.hungUp.length).toBe(1);
    entry?.closed(CLEAN_END);
    expect(calls.hungUp.length).toBe(1);
  });

  it('keeps times, counts, TLS facts and the present addresses', () => {
    const { registry } = makeRegistry();
    const before = Date.now();
    let traffic: { bytesReceived: number; bytesSent: number } | undefined = { bytesReceived: 1500, bytesSent: 77 };
    const entry = registry.open({ ...FACTS, traffic: () => traffic });
    expect(entry).toMatchObject({ connectTime: 0, closeTime: 0, lastReceiveTime: 0, tls: undefined });
    entry.received();
    entry.connected(TLS);
    entry.streamOpened();
    entry.streamOpened();
    entry.streamClosed();
    expect(entry).toMatchObject({ bytesReceived: 1500, bytesSent: 77, streams: 2, openStreams: 1, tls: TLS });
    const { onSocketClosed, ...path } = FACTS;
    expect(entry).toMatchObject(path);
    entry.moved({ ...path, remoteAddress: '::1', remotePort: 9 });
    expect(entry).toMatchObject({ remoteAddress: '::1', remotePort: 9, localPort: 443 });
    entry.closed(CLEAN_END);
    // The engine has forgotten the connection; its entry has not.
    traffic = undefined;
    expect(entry).toMatchObject({ bytesReceived: 1500, bytesSent: 77 });
    const times = [before, entry.openTime, entry.lastReceiveTime, entry.connectTime, entry.closeTime, Date.now()];
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(onSocketClosed).toBe(FACTS.onSocketClosed);
  });

  it('holds maxConnections entries, handshakes included', () => {
    const { registry } = makeRegistry({ maxConnections: 2 });
    const entry = registry.open(FACTS);
    registry.open(FACTS);
    expect(() => registry.open(FACTS)).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_CONNECTION_LIST_FULL' }));
    entry.closed(CLEAN_END);
    registry.open(FACTS);
    registry.maxConnections = 3;
    registry.open(FACTS);
    expect(registry.size).toBe(3);
  });

  it('ends what is left when it is closed, and opens nothing afterwards', () => {
    const { registry, closed } = makeRegistry();
    const entries = openConnections(registry, 3);
    registry.open(FACTS);
    registry.close();
    registry.close();
    expect(closed).toEqual(entries.map((entry) => [entry, CLEAN_END]));
    expect(registry.size).toBe(0);
    expect(() => registry.open(FACTS)).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_CONNECTION_LIST_FULL' }));
  });

  it('hangs up a pair whose fd was only found by a look-up', () => {
    const { registry, calls } = makeRegistry();
    const [entry] = openConnections(registry, 1);
    const found = [...calls.open].find((fd) => registry.byFd(fd) === entry);
    expect(found).toBeDefined();
    entry?.closed(CLEAN_END);
    expect(calls.hungUp.length).toBe(1);
  });
});

describe("mode 'session'", () => {
  it('has ids and no fds', () => {
    const { registry, calls, connected, closed } = makeRegistry({ virtualFds: { mode: 'session' } });
    const entries = openConnections(registry, 100);
    expect(calls.batches).toEqual([]);
    expect(entries.every(({ fd, socket }) => fd === -1 && socket === undefined)).toBe(true);
    expect(registry.byFd(-1)).toBeUndefined();
    expect(registry.bySessionId(entries[5]?.sessionId ?? 0n)).toBe(entries[5]);
    expect(registry.stats()).toMatchObject({ mode: 'session', connections: 100, listSize: 0, virtualFds: undefined });
    for (const entry of entries) entry.closed(CLEAN_END);
    expect(connected.length).toBe(100);
    expect(closed.length).toBe(100);
  });
});

describe('limits of descriptors', () => {
  it('are lifted on demand only', () => {
    const { calls: untouched } = makeRegistry({}, new FakeVirtualFdCalls(100, 5000));
    expect(untouched.soft).toBe(100);
    const { registry, calls } = makeRegistry({ virtualFds: { raiseFdLimit: true } }, new FakeVirtualFdCalls(100, 5000));
    expect(calls.soft).toBe(5000);
    expect(registry.stats()).toMatchObject({ listSize: 5000, virtualFds: { softLimit: 5000 } });
  });

  it('are warned about by a process warning and a callback', async () => {
    const onFdWarning = vi.fn();
    const { registry } = makeRegistry({ onFdWarning }, new FakeVirtualFdCalls(100));
    const warned = once(process, 'warning');
    openConnections(registry, 38);
    const [warning] = await warned;
    expect(warning).toMatchObject({ name: 'Http3FdWarning', code: 'HTTP3_FD_LIMIT' });
    expect(String(warning)).toMatch(/of 100 file descriptors are in use.*ulimit -n/);
    expect(onFdWarning).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ limit: 100 }));
    expect(registry.stats()).toMatchObject({ virtualFds: { nearLimit: true } });
  });

  it('refuse an unknown mode', () => {
    expect(() => makeRegistry({ virtualFds: { mode: 'shared' as 'session' } })).toThrow(
      expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }),
    );
  });
});
