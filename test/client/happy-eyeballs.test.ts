import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ConnectionInfo, LookupFunction } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import { waitUntil } from '../support/wait-until.js';

/** Caddy listens on these; another socket takes datagrams at {@link SILENT} and answers none; nothing listens at {@link CLOSED}. */
const GOOD_IPV4 = '127.0.0.1';
const GOOD_IPV6 = '::1';
const SILENT = '127.0.0.2';
const CLOSED = '127.0.0.3';

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({
    certificate: identity.certificate,
    hosts: [GOOD_IPV4, GOOD_IPV6],
    files: { file: 1024 },
  });
});

afterAll(() => caddy?.stop());

function lookupOf(...addresses: readonly string[]): LookupFunction {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
}

async function silence(): Promise<void> {
  const socket = await bindUdpSocket(SILENT, caddy.port);
  onTestFinished(() => {
    socket.close();
  });
}

describe('a host with several addresses is reached at one that answers', () => {
  it.each([
    ['the first is silent', [SILENT, GOOD_IPV4], GOOD_IPV4],
    ['the first is closed', [CLOSED, GOOD_IPV4], GOOD_IPV4],
    ['only the IPv6 address answers', [SILENT, CLOSED, GOOD_IPV6], GOOD_IPV6],
    ['the first answers', [GOOD_IPV6, SILENT], GOOD_IPV6],
    ['IPv4 comes first and both answer', [GOOD_IPV4, GOOD_IPV6], GOOD_IPV4],
  ])('%s', async (_what, addresses, expected) => {
    await silence();
    const session = openSession(`https://localhost:${caddy.port}`, identity, { lookup: lookupOf(...addresses) });
    const connections: ConnectionInfo[] = [];
    session.on('connect', (info) => connections.push(info));
    const { error, sha256 } = await fetchBytes(session, { ':path': '/file' });
    expect(error).toBeUndefined();
    expect(sha256).toBe(caddy.files.file?.sha256);
    expect(connections.map(({ remoteAddress }) => remoteAddress)).toEqual([expected]);
    await waitUntil('the attempts that lost to be freed', () => {
      const { connections: left, polls } = loadAddon().counters();
      return left === 1 && polls === 1;
    });
    await session.close();
  });

  it('the IPv6 address is silent', async () => {
    const server = await AioquicServer.start({ certificate: identity.certificate });
    onTestFinished(() => server.stop());
    const silent = await bindUdpSocket(GOOD_IPV6, server.port);
    onTestFinished(() => {
      silent.close();
    });
    const options = { lookup: lookupOf(GOOD_IPV6, GOOD_IPV4) };
    const session = openSession(`https://localhost:${server.port}`, identity, options);
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    expect(session.connection?.remoteAddress).toBe(GOOD_IPV4);
    await session.close();
  });

  it.each([
    [4, GOOD_IPV4],
    [6, GOOD_IPV6],
  ] as const)('only family %i is asked for', async (family, expected) => {
    const session = openSession(`https://localhost:${caddy.port}`, identity, {
      lookup: lookupOf(GOOD_IPV6, GOOD_IPV4),
      family,
    });
    expect((await fetchBytes(session, { ':path': '/file' })).error).toBeUndefined();
    expect(session.connection?.remoteAddress).toBe(expected);
    await session.close();
  });

  it('of the family of localAddress', async () => {
    const session = openSession(`https://localhost:${caddy.port}`, identity, {
      lookup: lookupOf(GOOD_IPV6, GOOD_IPV4),
      localAddress: '127.0.0.9',
    });
    expect((await fetchBytes(session, { ':path': '/file' })).error).toBeUndefined();
    expect(session.connection).toMatchObject({ localAddress: '127.0.0.9', remoteAddress: GOOD_IPV4 });
    await session.close();
  });
});

it('an error lists every address when none answers', async () => {
  const session = openSession('https://localhost:1', identity, {
    lookup: lookupOf(CLOSED, '127.0.0.4', '::1'),
    attemptDelay: 10,
  });
  const { error } = await fetchBytes(session);
  expect(error).toMatchObject({ code: 'ECONNREFUSED', safeToRetry: true });
  for (const address of [CLOSED, '127.0.0.4', '::1']) expect(error?.message).toContain(`${address}:`);
  const { cause } = error ?? {};
  expect(cause).toBeInstanceOf(AggregateError);
  expect((cause as AggregateError).errors).toHaveLength(3);
  await session.close();
});

it('a silent address and a closed one end with the timeout, which names both', async () => {
  await silence();
  const session = openSession(`https://localhost:${caddy.port}`, identity, {
    lookup: lookupOf(SILENT, CLOSED),
    attemptDelay: 10,
    connectTimeout: 300,
  });
  const { error } = await fetchBytes(session);
  expect(error?.code).toBe('UND_ERR_CONNECT_TIMEOUT');
  expect(error?.message).toContain(SILENT);
  expect(error?.message).toContain(CLOSED);
  await session.close();
});
