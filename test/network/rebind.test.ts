import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSecureServer } from '../../src/server/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { expectNoNativeObjects, makeIdentity } from '../support/client.js';
import { listDescriptors } from '../support/descriptors.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { patternBytes, patternDigest } from '../support/pattern.js';
import { waitUntil } from '../support/wait-until.js';
import { LiveSession } from './live-session.js';

const MIB = 1024 * 1024;
const REBINDS = 3;

const identity = await makeIdentity();
const goObstacle = await goPeerObstacle();

/** A server that can be stopped, and what it saw. */
interface Peer {
  readonly port: number;
  stop(): Promise<unknown>;
  /** Client ports that it saw; undefined if it does not tell. */
  readonly seenPorts?: ReadonlySet<number>;
}

async function startOwn(host = '127.0.0.1'): Promise<Peer> {
  const { certPem: cert, keyPem: key } = identity.certificate;
  const server = createSecureServer({ cert, key });
  const seenPorts = new Set<number>();
  server.on('stream', (stream, headers) => {
    const note = () => seenPorts.add(stream.session.socket.remotePort ?? 0);
    note();
    if (headers[':method'] === 'GET') {
      const length = Number(new URL(String(headers[':path']), 'https://x').searchParams.get('length'));
      stream.respond();
      stream.end(patternBytes(length));
      stream.on('drain', note);
      stream.on('close', note);
      return;
    }
    const hash = createHash('sha256');
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      note();
      bytes += chunk.length;
      hash.update(chunk);
    });
    stream.on('end', () => {
      stream.respond();
      stream.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return { port, seenPorts, stop: () => new Promise((resolve) => server.once('close', resolve).destroy()) };
}

const SERVERS: readonly [string, boolean, number, () => Promise<Peer>][] = [
  ['our own', true, 50, () => startOwn()],
  ['aioquic', true, 16, () => AioquicServer.start(identity)],
  [
    `quic-go${goObstacle === undefined ? '' : ` (${goObstacle})`}`,
    goObstacle === undefined,
    50,
    () => GoPeer.start(identity),
  ],
];

/** A server that is stopped when the test ends, after which nothing native may be left. */
async function started(start: () => Promise<Peer>): Promise<Peer> {
  onTestFinished(expectNoNativeObjects);
  const server = await start();
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

/** A session that is destroyed when the test ends. */
async function open(port: number): Promise<LiveSession> {
  const live = await LiveSession.open(port);
  onTestFinished(() => live.destroy());
  return live;
}

function udpSockets(): number {
  return listDescriptors().filter(({ kind }) => kind.startsWith('udp')).length;
}

describe.each(SERVERS)('rebind() with requests in flight, server %s', (_name, isAvailable, mebibytes, start) => {
  test.skipIf(!isAvailable)(
    'a download and an upload go on, byte by byte, from other ports',
    async () => {
      const server = await start();
      onTestFinished(async () => {
        await server.stop();
      });
      const live = await open(server.port);
      const size = mebibytes * MIB;
      const before = udpSockets();
      const download = live.transfer(`/bytes?length=${size}`);
      const upload = live.transfer('/digest', patternBytes(size));
      const ports = new Set([live.localPort]);
      for (let round = 1; round <= REBINDS; round += 1) {
        const part = (size * round) / (REBINDS + 2);
        await waitUntil('both to be under way', () => download.received > part && upload.sent > part);
        expect(await live.session.rebind()).toBe(true);
        expect(live.session.info?.localPort).toBe(live.localPort);
        ports.add(live.localPort);
      }
      const [down, up] = await Promise.all([download.done, upload.done]);
      expect(down).toMatchObject({ error: undefined, ...patternDigest(size) });
      expect(up.error).toBeUndefined();
      expect(JSON.parse(up.text)).toEqual(patternDigest(size));
      expect(ports.size).toBe(REBINDS + 1);
      // One socket for another.
      expect(udpSockets()).toBe(before);
      const stats = await live.session.stats();
      expect(stats?.framesReceived.path_response).toBeGreaterThan(0);
      expect(stats?.bytesReceived).toBeGreaterThan(size);
      await live.transfer('/bytes?length=1').done;
      if (server.seenPorts === undefined) return;
      expect(server.seenPorts.has(live.localPort)).toBe(true);
      expect(server.seenPorts.size).toBeGreaterThan(1);
      expect([...ports]).toEqual(expect.arrayContaining([...server.seenPorts]));
    },
    120_000,
  );
});

describe('rebind()', () => {
  test('is refused after the end of the connection, and before it is established', async () => {
    const server = await started(() => startOwn());
    const live = await open(server.port);
    await live.transfer('/bytes?length=10').done;
    live.destroy();
    expect(await live.session.rebind()).toBe(false);
    expect(await live.session.ping()).toBeUndefined();
  });

  test('asked for many times at once is done once', async () => {
    const server = await started(() => startOwn());
    const live = await open(server.port);
    expect((await live.transfer('/bytes?length=10').done).error).toBeUndefined();
    const before = (await live.session.stats())?.framesSent.path_challenge ?? 0;
    const answers = await Promise.all(Array.from({ length: 100 }, () => live.session.rebind()));
    expect(new Set(answers)).toEqual(new Set([true]));
    expect((await live.transfer('/bytes?length=1000').done).bytes).toBe(1000);
    expect(((await live.session.stats())?.framesSent.path_challenge ?? 0) - before).toBeLessThan(3);
  });

  test('time after time is not faster than the server can follow', async () => {
    const server = await started(() => startOwn());
    const live = await open(server.port);
    // HANDSHAKE_DONE is there when a response is (RFC 9001 4.1.2): before that a client must not move.
    await live.transfer('/bytes?length=10').done;
    for (let round = 0; round < 12; round += 1) {
      expect(await live.session.rebind()).toBe(true);
      expect((await live.transfer('/bytes?length=1000').done).bytes).toBe(1000);
    }
  });

  test.each([
    ['127.0.0.1', '127.0.0.2'],
    ['::1', '::1'],
  ])('to %s stays at the local address that the options name', async (host, localAddress) => {
    const server = await started(() => startOwn(host));
    const live = await LiveSession.open(server.port, { host, localAddress });
    onTestFinished(() => live.destroy());
    const { localPort } = live;
    await live.transfer('/bytes?length=10').done;
    expect(await live.session.rebind()).toBe(true);
    expect((await live.transfer('/bytes?length=1000').done).bytes).toBe(1000);
    expect(live.localAddress).toBe(localAddress);
    expect(live.localPort).not.toBe(localPort);
  });

  test('by those who end the session meanwhile leaves nothing behind', async () => {
    const server = await started(() => startOwn());
    const before = udpSockets();
    for (let round = 0; round < 20; round += 1) {
      const live = await LiveSession.open(server.port);
      const moves = [live.session.rebind(), live.session.rebind()];
      if (round % 2 === 0) await Promise.resolve();
      live.destroy();
      await Promise.all(moves);
    }
    expect(udpSockets()).toBe(before);
  });
});

describe('through a lossy network', () => {
  test('a connection may move all the same', async () => {
    const server = await started(() => startOwn());
    const impaired = { loss: 0.01, delayMs: 5 };
    const proxy = await ImpairmentProxy.start({
      seed: 3,
      target: { host: '127.0.0.1', port: server.port },
      up: impaired,
      down: impaired,
    });
    onTestFinished(() => proxy.close());
    const live = await open(proxy.port);
    const download = live.transfer(`/bytes?length=${2 * MIB}`);
    for (let round = 1; round <= REBINDS; round += 1) {
      await waitUntil('the download to be under way', () => download.received > (MIB / 2) * (round - 0.5));
      expect(await live.session.rebind()).toBe(true);
    }
    expect(await download.done).toMatchObject({ error: undefined, ...patternDigest(2 * MIB) });
  }, 60_000);
});
