import { describe, expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { expectNoNativeObjects, makeIdentity } from '../support/client.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { ServerProcess } from '../support/server-process.js';
import { waitUntil } from '../support/wait-until.js';
import { LiveSession } from './live-session.js';

const identity = await makeIdentity();
const goObstacle = await goPeerObstacle();

interface Peer {
  readonly port: number;
  stop(): Promise<unknown>;
}

const SERVERS: readonly [string, boolean, () => Promise<Peer>][] = [
  ['our own', true, () => ServerProcess.start()],
  ['aioquic', true, () => AioquicServer.start(identity)],
  [
    `quic-go${goObstacle === undefined ? '' : ` (${goObstacle})`}`,
    goObstacle === undefined,
    () => GoPeer.start(identity),
  ],
];

async function started(start: () => Promise<Peer>): Promise<Peer> {
  onTestFinished(expectNoNativeObjects);
  const server = await start();
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

async function open(...args: Parameters<typeof LiveSession.open>): Promise<LiveSession> {
  const live = await LiveSession.open(...args);
  onTestFinished(() => live.destroy());
  return live;
}

describe.each(SERVERS)('ping(), server %s', (_name, isAvailable, start) => {
  test.skipIf(!isAvailable)('gives the time of a round trip, at once after the handshake too', async () => {
    const { port } = await started(start);
    const live = await open(port);
    expect(await live.session.ping()).toBeGreaterThan(0);
    const before = await live.session.stats();
    expect(await live.session.ping()).toBeGreaterThan(0);
    const after = await live.session.stats();
    expect((after?.framesSent.ping ?? 0) - (before?.framesSent.ping ?? 0)).toBeGreaterThanOrEqual(1);
    expect(live.pings).toHaveLength(2);
  });

  test.skipIf(!isAvailable)('asked for a thousand times at once is answered to everybody', async () => {
    const { port } = await started(start);
    const live = await open(port);
    const times = await Promise.all(Array.from({ length: 1000 }, () => live.session.ping()));
    expect(times.every((ms) => ms !== undefined && ms > 0)).toBe(true);
    expect(live.pings.length).toBeLessThan(10);
  });
});

describe('pingInterval', () => {
  test('has PINGs sent on an idle connection', async () => {
    const { port } = await started(() => ServerProcess.start());
    const live = await open(port, { pingInterval: 20 });
    await waitUntil('five PINGs', () => live.pings.length >= 5);
    expect(live.closeReason).toBeUndefined();
  });

  test('of 0 has none sent', async () => {
    const { port } = await started(() => ServerProcess.start());
    const live = await open(port, { pingInterval: 0 });
    const other = await open(port, { pingInterval: 20 });
    await waitUntil('five PINGs of the other', () => other.pings.length >= 5);
    expect(live.pings).toEqual([]);
  });

  test('ends a connection whose server is gone, and its requests with it', async () => {
    const { port } = await started(() => ServerProcess.start());
    const proxy = await ImpairmentProxy.start({ seed: 1, target: { host: '127.0.0.1', port } });
    onTestFinished(() => proxy.close());
    const live = await open(proxy.port, { pingInterval: 100 });
    await waitUntil('a PING', () => live.pings.length > 0);
    await proxy.blackhole(true);
    const { error } = await live.transfer('/1000?0').done;
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', message: expect.stringContaining('PING') });
    expect(live.closeReason).toMatchObject({ code: 'ERR_HTTP3_CONNECTION' });
    expect(await live.session.ping()).toBeUndefined();
  });
});

describe('probe()', () => {
  test('leaves a connection alone whose server answers, though late and with losses', async () => {
    const { port } = await started(() => ServerProcess.start());
    const impaired = { loss: 0.1, delayMs: 20 };
    const target = { host: '127.0.0.1', port };
    const proxy = await ImpairmentProxy.start({ seed: 5, target, up: impaired, down: impaired });
    onTestFinished(() => proxy.close());
    const live = await open(proxy.port, { pingInterval: 0 });
    for (let round = 1; round <= 10; round += 1) {
      for (let count = 0; count < 10; count += 1) live.session.probe();
      await waitUntil('the answer', () => live.pings.length >= round);
    }
    expect(live.closeReason).toBeUndefined();
  });

  test('ends one whose server is silent, once', async () => {
    const { port } = await started(() => ServerProcess.start());
    const proxy = await ImpairmentProxy.start({ seed: 1, target: { host: '127.0.0.1', port } });
    onTestFinished(() => proxy.close());
    const live = await open(proxy.port, { pingInterval: 0 });
    await live.session.ping();
    const request = live.transfer('/wait');
    await proxy.blackhole(true);
    for (let count = 0; count < 10; count += 1) live.session.probe();
    const waiting = live.session.ping();
    expect(await waiting).toBeUndefined();
    expect((await request.done).error).toMatchObject({ code: 'UND_ERR_SOCKET' });
    live.session.probe();
  });

  test('and ping() by those who end the session meanwhile settle', async () => {
    const { port } = await started(() => ServerProcess.start());
    for (let round = 0; round < 20; round += 1) {
      const live = await LiveSession.open(port, { pingInterval: 1 });
      live.session.probe();
      const pings = Promise.all([live.session.ping(), live.session.ping()]);
      for (let turn = 0; turn < round % 5; turn += 1) await Promise.resolve();
      live.destroy();
      expect(await pings).toEqual([undefined, undefined]);
    }
  });
});
