import { once } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadServerAddon } from '../../../src/native-server.js';
import type { Traffic } from '../../../src/server/connection-entry.js';
import { ConnectionRegistry } from '../../../src/server/connection-registry.js';
import { type Descriptor, expectNoNewDescriptors, listDescriptors } from '../../support/descriptors.js';
import { waitUntil } from '../../support/wait-until.js';
import { CLEAN_END, FACTS, openConnections, TLS } from './open-connection.js';

describe('session.socket', () => {
  let registry: ConnectionRegistry;
  let before: readonly Descriptor[];

  beforeEach(() => {
    before = listDescriptors();
    registry = new ConnectionRegistry(
      { maxConnections: 100, onConnect: () => undefined, onClose: () => undefined },
      loadServerAddon(),
    );
  });

  afterEach(async () => {
    registry.close();
    await expectNoNewDescriptors(before);
  });

  function openSocket(onSocketClosed: () => void = () => undefined) {
    const traffic = (): Traffic => ({ bytesReceived: 10, bytesSent: 20 });
    const entry = registry.open({ ...FACTS, onSocketClosed, traffic });
    entry.connected(TLS);
    const { socket } = entry;
    if (socket === undefined) throw new Error('no socket');
    return { entry, socket };
  }

  it('is one net.Socket over the virtual fd', () => {
    const { entry, socket } = openSocket();
    expect(socket).toBeInstanceOf(Socket);
    expect(entry.socket).toBe(socket);
    expect(Reflect.get(Reflect.get(socket, '_handle'), 'fd')).toBe(entry.fd);
  });

  it("tells the QUIC connection's addresses, counts and TLS facts", () => {
    const { socket } = openSocket();
    expect(socket).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: 50_000,
      remoteFamily: 'IPv4',
      localAddress: '127.0.0.2',
      localPort: 443,
      localFamily: 'IPv4',
      bytesRead: 10,
      bytesWritten: 20,
      encrypted: true,
      alpnProtocol: 'h3',
      servername: 'example.org',
      destroyed: false,
      connecting: false,
      readyState: 'open',
    });
    expect(socket.address()).toEqual({ address: '127.0.0.2', family: 'IPv4', port: 443 });
  });

  it('ends and closes when the QUIC connection ends, with nobody reading', async () => {
    const onSocketClosed = vi.fn();
    const { entry, socket } = openSocket(onSocketClosed);
    const events: string[] = [];
    for (const name of ['end', 'close', 'error', 'data']) socket.on(name, () => events.push(name));
    const closed = once(socket, 'close');
    socket.pause();
    entry.closed({ code: 0x102, error: undefined });
    expect(entry.socket).toBe(socket);
    await closed;
    expect(events).toEqual(['end', 'close']);
    expect(socket.destroyed).toBe(true);
    expect(onSocketClosed).not.toHaveBeenCalled();
  });

  it('ends the QUIC connection when it is destroyed, once', async () => {
    const onSocketClosed = vi.fn();
    const { entry, socket } = openSocket(onSocketClosed);
    socket.destroy();
    socket.destroy();
    expect(onSocketClosed).toHaveBeenCalledOnce();
    // The fd is closed already, so its number must not lead here any more.
    expect(registry.byFd(entry.fd)).toBeUndefined();
    expect(registry.bySessionId(entry.sessionId)).toBe(entry);
    await once(socket, 'close');
    entry.closed(CLEAN_END);
    expect(onSocketClosed).toHaveBeenCalledOnce();
  });

  it('gives its fd number to another connection only after it was closed, and never closes that', async () => {
    const { entry, socket } = openSocket();
    socket.destroy();
    await once(socket, 'close');
    // Takes all low numbers, that of the destroyed socket included.
    const others = openConnections(registry, 60);
    const heir = others.find(({ fd }) => fd === entry.fd);
    expect(heir).toBeDefined();
    const heirEnded = vi.fn();
    heir?.socket?.on('end', heirEnded);
    entry.closed(CLEAN_END);
    await waitUntil('the quarantine to end', () => registry.stats().virtualFds?.quarantined === 0);
    expect(registry.byFd(entry.fd)).toBe(heir);
    expect(heirEnded).not.toHaveBeenCalled();
    expect(listDescriptors().some(({ fd }) => fd === entry.fd)).toBe(true);
  });

  it('may be destroyed from the close callback, and from its own end', async () => {
    const { entry, socket } = openSocket();
    socket.on('end', () => socket.destroy());
    entry.closed(CLEAN_END);
    await once(socket, 'close');
  });

  it.each(['write', 'end'] as const)('refuses %s: no payload travels over it', (method) => {
    const { socket } = openSocket();
    expect(() => socket[method]()).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_NO_SOCKET_MANIPULATION' }));
    expect(socket.destroyed).toBe(false);
  });

  it('ends the QUIC connection by destroySoon, which HTTP/1 code calls', () => {
    const onSocketClosed = vi.fn();
    openSocket(onSocketClosed).socket.destroySoon();
    expect(onSocketClosed).toHaveBeenCalledOnce();
  });

  it("has a timeout that the QUIC connection's packets put off", async () => {
    const { entry, socket } = openSocket();
    const feeding = setInterval(() => entry.received(), 5);
    const onTimeout = vi.fn();
    socket.setTimeout(200, onTimeout);
    expect(socket.timeout).toBe(200);
    await sleep(500);
    expect(onTimeout).not.toHaveBeenCalled();
    clearInterval(feeding);
    await once(socket, 'timeout');
    expect(onTimeout).toHaveBeenCalledOnce();
    expect(socket.destroyed).toBe(false);
    socket.setTimeout(0);
    expect(socket.timeout).toBeUndefined();
  });

  it('is not made by an entry that has ended', () => {
    const entry = registry.open(FACTS);
    entry.closed(CLEAN_END);
    expect(entry.socket).toBeUndefined();
  });
});
