import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ClientClosedError, ClientDestroyedError } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 2 });
});

afterAll(() => server?.stop());

describe('session.close()', () => {
  it('finishes the requests under way, those that wait for a stream included, and refuses new ones', async () => {
    const session = openSession(server.origin, identity);
    const slow = Array.from({ length: 5 }, () =>
      fetchBytes(session, { ':path': '/slow-writer?count=3&length=100&interval=30' }),
    );
    await once(session, 'connect');
    let closes = 0;
    session.on('close', () => {
      closes += 1;
    });
    const closed = session.close();
    expect(session).toMatchObject({ closed: true, destroyed: false });
    expect(() => session.request()).toThrow(ClientClosedError);
    for (const settled of await Promise.all(slow)) expect(settled).toMatchObject({ error: undefined, bytes: 300 });
    await closed;
    await session.close();
    expect(closes).toBe(1);
  });

  it('before the connection is there: the requests that wait for it are finished', async () => {
    const session = openSession(server.origin, identity);
    const settled = [fetchBytes(session), fetchBytes(session)];
    await session.close();
    for (const { error, bytes } of await Promise.all(settled))
      expect({ error, bytes }).toEqual({ error: undefined, bytes: 6 });
  });

  it('without requests while connecting gives the connection up', async () => {
    const silent = await bindUdpSocket('127.0.0.1', 0);
    onTestFinished(() => {
      silent.close();
    });
    const session = openSession(`https://127.0.0.1:${silent.address().port}`, identity);
    await session.close();
    expect(session).toMatchObject({ closed: true, connected: false });
  });

  it('tells the server H3_NO_ERROR', async () => {
    const fresh = await AioquicServer.start({ certificate: identity.certificate });
    onTestFinished(() => fresh.stop());
    const session = openSession(fresh.origin, identity);
    // The second round trip comes after the confirmation of the handshake, before which the code is hidden (RFC 9000 10.2.3).
    await fetchBytes(session);
    await fetchBytes(session);
    await session.close();
    const event = await waitUntil('CONNECTION_CLOSE', () => fresh.events.find((each) => each.event === 'terminated'));
    expect(event).toMatchObject({ code: 0x100, frameType: null });
  });

  it('waits for a request that is aborted meanwhile', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':path': '/stall' });
    const settled = settle(stream);
    await once(stream, 'ready');
    const closed = session.close();
    stream.destroy();
    expect((await settled).error).toBeUndefined();
    await closed;
  });

  it('is what await using does', async () => {
    let closes = 0;
    {
      await using session = openSession(server.origin, identity);
      session.on('close', () => {
        closes += 1;
      });
      expect((await fetchBytes(session)).error).toBeUndefined();
    }
    expect(closes).toBe(1);
  });

  it('is cut short by destroy()', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':path': '/stall' });
    const settled = settle(stream);
    await once(stream, 'ready');
    const closed = session.close();
    session.destroy();
    expect((await settled).error?.code).toBe('UND_ERR_DESTROYED');
    await closed;
    expect(() => session.request()).toThrow(ClientDestroyedError);
  });
});

describe('session.destroy()', () => {
  it('closes once, tells the server at once, and may be called again', async () => {
    const session = openSession(server.origin, identity);
    const settled = [
      settle(session.request({ ':path': '/stall' })),
      settle(session.request({ ':path': '/bytes?length=1000000' })),
    ];
    await once(session, 'connect');
    let closes = 0;
    session.on('close', () => {
      closes += 1;
    });
    const since = server.events.length;
    session.destroy();
    session.destroy();
    for (const { error } of await Promise.all(settled)) expect(error?.code).toBe('UND_ERR_DESTROYED');
    await session.close();
    expect(closes).toBe(1);
    await waitUntil('CONNECTION_CLOSE', () => server.events.slice(since).some(({ event }) => event === 'terminated'));
  });

  it('from inside a data listener ends every stream, without another byte', async () => {
    const session = openSession(server.origin, identity);
    const first = session.request({ ':path': '/bytes?length=1000000' });
    const second = session.request({ ':path': '/bytes?length=1000000' });
    const settled = [settle(first), settle(second)];
    let bytes = 0;
    const seen: number[] = [];
    for (const stream of [first, second]) {
      stream.on('data', (chunk) => {
        bytes += chunk.length;
        seen.push(bytes);
        session.destroy();
      });
    }
    for (const { error } of await Promise.all(settled)) expect(error?.code).toBe('UND_ERR_DESTROYED');
    expect(seen).toHaveLength(1);
    await session.close();
  });
});
