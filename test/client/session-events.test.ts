import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ConnectionInfo, ConnectTimings, Http3Error } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
  caddy = await startCaddy({ certificate: identity.certificate, files: { file: 1_000_000 } });
});

afterAll(async () => {
  await caddy?.stop();
  await server?.stop();
});

describe("the 'connect' event", () => {
  it('comes once for a connection, with facts and times', async () => {
    const session = openSession(caddy.origin, identity);
    const events: [ConnectionInfo, Readonly<ConnectTimings>][] = [];
    session.on('connect', (info, timings) => events.push([info, timings]));
    expect(session).toMatchObject({ connected: false, connection: undefined, origin: caddy.origin });
    await Promise.all(Array.from({ length: 20 }, () => fetchBytes(session, { ':path': '/file' })));
    expect(events).toHaveLength(1);
    const [info, timings] = events[0] ?? [];
    expect(info).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: caddy.port,
      localAddress: '127.0.0.1',
      alpnProtocol: 'h3',
      resumed: false,
      earlyData: 'none',
      authorized: true,
    });
    // IANA: TLS 1.3, and one of its cipher suites.
    expect(info?.tls).toMatchObject({
      version: 0x304,
      alpn: 'h3',
      resumed: false,
      earlyData: false,
      echAccepted: false,
    });
    expect([0x1301, 0x1302, 0x1303]).toContain(info?.tls?.cipher);
    expect(info?.certificates[0]?.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(session.connection).toBe(info);
    expect(session.connected).toBe(true);
    const order = [timings?.start, timings?.lookupEnd, info?.handshakeStart, info?.handshakeEnd];
    expect(order.every((time) => typeof time === 'number')).toBe(true);
    expect(order).toEqual([...order].sort((a, b) => Number(a) - Number(b)));
    await session.close();
  });

  it('comes again for each new connection', async () => {
    const session = openSession(server.origin, identity);
    const events: string[] = [];
    session.on('connect', () => events.push('connect'));
    session.on('disconnect', ({ code }: Http3Error) => events.push(code));
    session.on('close', () => events.push('close'));
    for (let round = 0; round < 3; round += 1) {
      expect((await fetchBytes(session)).error).toBeUndefined();
      const disconnected = once(session, 'disconnect');
      await server.close(0x102);
      await disconnected;
    }
    await session.close();
    const round = ['connect', 'ERR_HTTP3_CONNECTION'];
    expect(events).toEqual([...round, ...round, ...round, 'close']);
  });

  it('comes before the responses', async () => {
    const session = openSession(server.origin, identity);
    const events: string[] = [];
    session.on('connect', () => events.push('connect'));
    const stream = session.request();
    stream.on('ready', () => events.push('ready'));
    stream.on('response', () => events.push('response'));
    stream.resume();
    await once(stream, 'close');
    expect(events.indexOf('connect')).toBeLessThan(events.indexOf('response'));
    await session.close();
  });
});

it('stats() counts what went through the connection', async () => {
  const session = openSession(caddy.origin, identity);
  expect(await session.stats()).toBeUndefined();
  await fetchBytes(session, { ':path': '/file' });
  const stats = await session.stats();
  expect(stats?.bytesReceived).toBeGreaterThan(1_000_000);
  expect(stats?.datagramsReceived).toBeGreaterThan(500);
  expect(stats?.receiveCalls).toBeLessThan(stats?.datagramsReceived ?? 0);
  expect(stats?.packetsReceived).toBeGreaterThan(0);
  expect(stats?.rttMs).toBeGreaterThan(0);
  expect(stats?.framesReceived).not.toEqual({});
  await fetchBytes(session, { ':path': '/file' });
  expect((await session.stats())?.bytesReceived).toBeGreaterThan(2_000_000);
  await session.close();
});

it('updateKeys() updates the keys, and requests run on', async () => {
  const session = openSession(caddy.origin, identity);
  expect(await session.updateKeys()).toBe(false);
  for (let round = 0; round < 3; round += 1) {
    expect(await fetchBytes(session, { ':path': '/file' })).toMatchObject({ error: undefined, ...caddy.files.file });
    // One may begin when the last is confirmed (RFC 9001 6.1).
    await waitUntilUpdated(session);
  }
  expect(await fetchBytes(session, { ':path': '/file' })).toMatchObject({ error: undefined, ...caddy.files.file });
  await session.close();
});

async function waitUntilUpdated(session: { updateKeys(): Promise<boolean> }): Promise<void> {
  let begun = false;
  const attempt = async (): Promise<void> => {
    begun ||= await session.updateKeys();
  };
  await waitUntil('a key update to begin', () => {
    void attempt();
    return begun;
  });
}

it("follows a server's key update", async () => {
  const session = openSession(server.origin, identity);
  for (let round = 0; round < 3; round += 1) {
    const { body, error } = await fetchBytes(session, { ':path': '/key-update' });
    expect(error).toBeUndefined();
    expect(body.toString()).toBe('updated');
  }
  await session.close();
});

describe('keepAliveTimeout', () => {
  it('closes a connection without requests, and the next request opens another', async () => {
    const fresh = await AioquicServer.start({ certificate: identity.certificate });
    onTestFinished(() => fresh.stop());
    const session = openSession(fresh.origin, identity, { keepAliveTimeout: 100 });
    let connects = 0;
    session.on('connect', () => {
      connects += 1;
    });
    for (let round = 1; round <= 2; round += 1) {
      expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
      const closes = await waitUntil('CONNECTION_CLOSE', () => {
        const ends = fresh.events.filter(({ event }) => event === 'terminated');
        return ends.length === round && ends;
      });
      // H3_NO_ERROR; or APPLICATION_ERROR, which stands for it until the handshake is confirmed (RFC 9000 10.2.3).
      const last = closes.at(-1);
      expect([0x100, 0xc]).toContain(last?.event === 'terminated' ? last.code : undefined);
      await waitUntil('a connect event for each connection', () => connects === round);
    }
    await session.close();
  });

  it('does not close a connection that has a request', async () => {
    const session = openSession(server.origin, identity, { keepAliveTimeout: 50 });
    const settled = await fetchBytes(session, { ':path': '/slow-writer?count=4&interval=150' });
    expect(settled).toMatchObject({ error: undefined, bytes: 4 });
    await session.close();
  });
});
