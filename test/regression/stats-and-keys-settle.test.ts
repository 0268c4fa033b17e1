import { once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ClientHttp3Session } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

/** Both promises, asked for now. */
function ask(session: ClientHttp3Session): Promise<readonly [packetsSent: number | undefined, updated: boolean]> {
  return Promise.all([session.stats().then((stats) => stats?.packetsSent), session.updateKeys()]);
}

const NOTHING = [undefined, false] as const;

test('before there is a connection', async () => {
  const silent = await bindUdpSocket('127.0.0.1', 0);
  onTestFinished(() => {
    silent.close();
  });
  const session = openSession(`https://127.0.0.1:${silent.address().port}`, identity);
  expect(await ask(session)).toEqual(NOTHING);
  await once(silent, 'message');
  expect(await ask(session)).toEqual(NOTHING);
  const asked = ask(session);
  session.destroy();
  expect(await asked).toEqual(NOTHING);
});

test('while it is established', async () => {
  const session = openSession(server.origin, identity);
  await fetchBytes(session);
  expect((await session.stats())?.packetsSent).toBeGreaterThan(0);
  // Not before the handshake is confirmed (RFC 9001 6.1), which is a moment after the first response.
  for (let updated = false; !updated; ) {
    await fetchBytes(session);
    updated = await session.updateKeys();
  }
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await session.close();
});

const ENDS: Readonly<Record<string, (session: ClientHttp3Session) => unknown>> = {
  'close()': (session) => session.close(),
  'destroy()': (session) => session.destroy(),
  "the server's close": () => server.close(0x102),
};

test.each(Object.entries(ENDS))('asked for in the turn before and after %s', async (_end, end) => {
  const session = openSession(server.origin, identity);
  await fetchBytes(session);
  const asked = [ask(session)];
  const ended = end(session);
  asked.push(ask(session));
  await Promise.all(asked);
  await ended;
  await session.close();
  expect(await ask(session)).toEqual(NOTHING);
});

test('while a closed session finishes its requests, and after that', async () => {
  const session = openSession(server.origin, identity);
  const stream = session.request({ ':path': '/slow-writer?count=5&length=10&interval=10' });
  const settled = settle(stream);
  await once(stream, 'response');
  const closed = session.close();
  expect((await session.stats())?.packetsSent).toBeGreaterThan(0);
  await session.updateKeys();
  expect((await settled).error).toBeUndefined();
  await closed;
  expect(await ask(session)).toEqual(NOTHING);
  session.destroy();
  expect(await ask(session)).toEqual(NOTHING);
});

test('in the handlers of what ends a connection', async () => {
  const session = openSession(server.origin, identity);
  const asked: ReturnType<typeof ask>[] = [];
  const stream = session.request({ ':path': '/stall' });
  for (const event of ['error', 'close']) stream.on(event, () => asked.push(ask(session)));
  session.on('disconnect', () => asked.push(ask(session)));
  session.on('close', () => asked.push(ask(session)));
  const settled = settle(stream);
  await once(stream, 'ready');
  await waitUntil('the server to have the request', () => server.requests.some(({ path }) => path === '/stall'));
  await server.close(0x102);
  expect((await settled).error?.code).toBe('UND_ERR_SOCKET');
  await session.close();
  expect(await Promise.all(asked)).toEqual([NOTHING, NOTHING, NOTHING, NOTHING]);
});
