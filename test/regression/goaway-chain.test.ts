import { expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes, type Settlement, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

/** How often a request moves on: a server that never takes it must not keep it for ever. */
const MAX_MOVES = 20;
const MOVES = 5;

const identity = await makeIdentity();

async function start(maxStreams: number): Promise<AioquicServer> {
  const server = await AioquicServer.start({ ...identity, maxStreams });
  onTestFinished(() => server.stop());
  return server;
}

const handshakes = ({ events }: AioquicServer): number => events.filter(({ event }) => event === 'handshake').length;

test('a request that every connection refuses by GOAWAY is sent 21 times, and fails once', async () => {
  const server = await start(10);
  // Without 0-RTT, in which a connection may be over before its handshake is.
  const session = openSession(server.origin, identity, { tokenStore: false });
  const { error, events } = await fetchBytes(session, { ':path': '/goaway?id=0' });
  expect(error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorCode: 0x10b, safeToRetry: true });
  expect(events).toEqual([...Array.from({ length: 1 + MAX_MOVES }, () => 'ready'), 'error', 'close']);
  expect(server.requests).toHaveLength(1 + MAX_MOVES);
  // The session is as good as before.
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await waitUntil('one connection for each', () => handshakes(server) === 1 + MAX_MOVES + 1);
  await session.close();
});

interface Chain {
  readonly server: AioquicServer;
  /** Stays behind the others on each connection. */
  readonly last: Promise<Settlement>;
  readonly finish: () => Promise<void>;
}

/** Has a request wait behind others, on one connection after another, each told to go away. */
async function moveOn(moves: number): Promise<Chain> {
  const server = await start(1);
  const session = openSession(server.origin, identity);
  const blocking = Array.from({ length: moves }, () => session.request({ ':path': '/stall' }));
  const settled = blocking.map((stream) => settle(stream));
  const last = fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body: 'a body' });
  for (let move = 1; move <= moves; move += 1) {
    await waitUntil('the next one to arrive', () => server.requests.length === move);
    // To all connections, the older ones included, which hear it again.
    await server.goaway();
  }
  const finish = async (): Promise<void> => {
    for (const stream of blocking) stream.destroy();
    for (const { error } of await Promise.all(settled)) expect(error).toBeUndefined();
    await session.close();
  };
  return { server, last, finish };
}

test('a request that waits moves from one connection to the next, and is sent once', async () => {
  const { server, last, finish } = await moveOn(MOVES);
  const { error, body, events } = await last;
  expect(error).toBeUndefined();
  expect(JSON.parse(String(body))).toMatchObject({ bytes: 6 });
  expect(events).toEqual(['ready', 'response', 'data', 'end', 'close']);
  expect(server.requests.filter(({ path }) => path === '/digest')).toHaveLength(1);
  expect(handshakes(server)).toBe(1 + MOVES);
  await finish();
});
