import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

const MIB = 1024 * 1024;

let identity: TestIdentity;

beforeEach(async () => {
  identity = await makeIdentity();
});

describe('a server that is killed in the middle of a body', () => {
  let caddy: Caddy;

  beforeEach(async () => {
    caddy = await startCaddy({ certificate: identity.certificate, files: { large: 64 * MIB } });
  });

  afterEach(() => caddy.stop());

  it.each([
    ['reads', true],
    ['is paused', false],
  ])('fails the request of a reader that %s', async (_what, read) => {
    const session = openSession(caddy.origin, identity, { idleTimeout: 1_000 });
    const stream = session.request({ ':path': '/large' });
    await once(stream, 'readable');
    const settled = settle(stream, false);
    await caddy.kill();
    if (read) stream.resume();
    const { error, events } = await settled;
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', safeToRetry: false });
    // The kernel of a host whose process has ended says so to the next packet.
    expect(error?.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(events).toEqual(['error', 'close']);
    expect((await fetchBytes(session)).error).toMatchObject({ code: 'ECONNREFUSED' });
    await session.close();
  });
});

describe('a server that hangs', () => {
  let server: AioquicServer;

  beforeEach(async () => {
    server = await AioquicServer.start({ certificate: identity.certificate });
  });

  afterEach(async () => {
    server.freeze(false);
    await server.stop();
  });

  it('fails the requests under way after idleTimeout: ERR_QUIC_IDLE_TIMEOUT', async () => {
    const session = openSession(server.origin, identity, { idleTimeout: 500 });
    const stalled = session.request({ ':path': '/stall?after=10' });
    const stalledSettled = settle(stalled);
    await once(stalled, 'data');
    server.freeze(true);
    const settled = await Promise.all([stalledSettled, fetchBytes(session, { ':method': 'POST' }, { body: 'x' })]);
    for (const { error } of settled) {
      expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', safeToRetry: false });
      expect(error?.cause).toMatchObject({ code: 'ERR_QUIC_IDLE_TIMEOUT' });
    }
    server.freeze(false);
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });
});

describe('idleTimeout', () => {
  let server: AioquicServer;

  beforeEach(async () => {
    server = await AioquicServer.start({ certificate: identity.certificate });
  });

  afterEach(() => server.stop());

  const handshakes = (): number => server.events.filter(({ event }) => event === 'handshake').length;

  it('ends a connection without requests, and the next request opens another', async () => {
    const session = openSession(server.origin, identity, { idleTimeout: 300 });
    await fetchBytes(session);
    const [reason] = (await once(session, 'disconnect')) as [Error];
    expect(reason).toMatchObject({ code: 'ERR_QUIC_IDLE_TIMEOUT' });
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    // The server tells it through a pipe, maybe after the answer.
    await waitUntil('a second handshake', () => handshakes() >= 2);
    expect(handshakes()).toBe(2);
    await session.close();
  });

  it('does not end a connection whose request waits for its answer', async () => {
    const session = openSession(server.origin, identity, { idleTimeout: 400 });
    // Three pieces with a silence between them that is longer than the timeout.
    const settled = await fetchBytes(session, { ':path': '/slow-writer?count=3&length=10&interval=900' });
    expect(settled).toMatchObject({ error: undefined, bytes: 30 });
    expect(handshakes()).toBe(1);
    await session.close();
  });
});
