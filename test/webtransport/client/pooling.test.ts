import { describe, expect, it } from 'vitest';
import type { WebTransportRequest, WebTransportServerSession } from '../../../src/server/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { serveTransports } from './support/opened.js';

describe('connections', () => {
  it('are a session’s own without allowPooling', async () => {
    const connections = new Set<unknown>();
    const { open } = await serveTransports((request) => {
      connections.add(request.session);
      request.accept();
    });
    await Promise.all(Array.from({ length: 3 }, () => open().ready));
    expect(connections.size).toBe(3);
  });

  it('are never shared by more sessions than the server allows; the others get their own', async () => {
    const perConnection = new Map<unknown, number>();
    const countAndAccept = (request: WebTransportRequest): void => {
      perConnection.set(request.session, (perConnection.get(request.session) ?? 0) + 1);
      request.accept();
    };
    const { open } = await serveTransports(countAndAccept, { webTransport: { maxSessions: 2 } });
    const transports = Array.from({ length: 5 }, () => open('/', { allowPooling: true }));
    await Promise.all(transports.map(({ ready }) => ready));
    const shares = [...perConnection.values()];
    expect(shares.reduce((sum, share) => sum + share)).toBe(5);
    expect(Math.max(...shares)).toBe(2);
  });

  it('are not taken from the pool when their session has ended', async () => {
    const requests: WebTransportRequest[] = [];
    const { open } = await serveTransports((request) => {
      requests.push(request);
      request.accept();
    });
    const first = open('/', { allowPooling: true });
    await first.ready;
    first.close();
    const second = open('/', { allowPooling: true });
    await second.ready;
    expect(requests).toHaveLength(2);
  });

  it('that the server is about to close get no new sessions', async () => {
    const sessions: WebTransportServerSession[] = [];
    const { open, server } = await serveTransports((request) => sessions.push(request.accept()));
    const first = open('/', { allowPooling: true });
    await first.ready;
    server.close();
    await first.draining;
    const second = open('/', { allowPooling: true });
    await expect(second.ready).rejects.toMatchObject({ source: 'session' });
    expect(sessions).toHaveLength(1);
    first.close();
    await waitUntil('the server to close', () => server.address() === null);
  });
});
