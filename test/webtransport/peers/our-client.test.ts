import { describe, expect, onTestFinished, test } from 'vitest';
import { WebTransport, WebTransportError, type WebTransportOptions } from '../../../src/webtransport.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  WebTransportPeer,
  type WebTransportPeerName,
  type WebTransportStep,
  webTransportPeerObstacle,
} from '../../support/webtransport-peers.js';
import {
  CLOSE_REASONS,
  CODES,
  closePath,
  DATAGRAM_SIZES,
  datagramsEchoed,
  echoed,
  pushed,
  SIZES,
} from './expectations.js';
import { OwnServer } from './own-server.js';
import { runScenario, type ScenarioOutcome } from './w3c-scenario.js';

const OWN = 'necko-http3';
const PEERS = ['aioquic', 'webtransport-go', 'webtransport-go (draft 02)'] as const satisfies WebTransportPeerName[];
const obstacles = await Promise.all(
  PEERS.map(async (name) => ({ name, obstacle: await webTransportPeerObstacle(name) })),
);
const servers: readonly { readonly name: WebTransportPeerName | typeof OWN; readonly obstacle: string | undefined }[] =
  [{ name: OWN, obstacle: undefined }, ...obstacles];
const identity = await makeWebTransportIdentity();
const trusted = { connection: { ca: identity.ca } };
const byHash = { serverCertificateHashes: [{ algorithm: 'sha-256', value: identity.hash }] };

describe.each(servers)('our client and the server of $name', ({ name, obstacle }) => {
  if (obstacle !== undefined) {
    test.skip(obstacle, () => undefined);
    return;
  }

  async function serve(): Promise<OwnServer | WebTransportPeer> {
    const server = await (name === OWN ? OwnServer.start(identity) : WebTransportPeer.start(name, identity));
    onTestFinished(async () => {
      await server.stop();
      await expectNoNativeObjects();
    });
    return server;
  }

  function run(
    server: OwnServer | WebTransportPeer,
    path: string,
    steps: readonly WebTransportStep[],
    options: WebTransportOptions = trusted,
  ): Promise<ScenarioOutcome> {
    const session = new WebTransport(server.origin + path, options);
    // A step that fails leaves it open.
    onTestFinished(() => session.close());
    return runScenario(session, WebTransportError, steps);
  }

  test('streams of 0 B to 16 MiB come back byte-exact', { timeout: 180_000 }, async () => {
    const { steps, results } = echoed(SIZES);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ results });
  });

  test('datagrams come back', async () => {
    const { steps, results } = datagramsEchoed(DATAGRAM_SIZES);
    const options = { ...byHash, datagramsReadableType: 'default' } as const;
    expect(await run(await serve(), '/echo', steps, options)).toMatchObject({ results });
  });

  test('datagrams come back as bytes of a byte stream', async () => {
    const { steps, results } = datagramsEchoed([1, 1100]);
    const options = { ...byHash, datagramsReadableType: 'bytes' } as const;
    expect(await run(await serve(), '/echo', steps, options)).toMatchObject({ results });
  });

  test('a datagram without a byte comes in chunks, not in a byte stream', async () => {
    const server = await serve();
    for (const datagramsReadableType of ['default', 'bytes'] as const) {
      const session = new WebTransport(`${server.origin}/echo`, { ...byHash, datagramsReadableType });
      await session.ready;
      const writer = session.datagrams.createWritable().getWriter();
      const reader = session.datagrams.readable.getReader();
      // Several, since each may be lost.
      for (const bytes of [0, 0, 0, 1, 1, 1]) await writer.write(new Uint8Array(bytes));
      const first = await reader.read();
      expect(first).toMatchObject({ done: false, value: { byteLength: datagramsReadableType === 'default' ? 0 : 1 } });
      session.close();
      await session.closed;
    }
  });

  test.runIf(name === OWN)('a server that reads a byte stream gets no datagram without a byte', async () => {
    const session = new WebTransport(`${(await serve()).origin}/echo?datagrams=bytes`, {
      ...byHash,
      datagramsReadableType: 'default',
    });
    await session.ready;
    const writer = session.datagrams.createWritable().getWriter();
    for (const bytes of [0, 0, 0, 1, 1, 1]) await writer.write(new Uint8Array(bytes));
    const first = await session.datagrams.readable.getReader().read();
    expect(first).toMatchObject({ done: false, value: { byteLength: 1 } });
    session.close();
    await session.closed;
  });

  test('codes of the server that ends streams arrive', async () => {
    const server = await serve();
    for (const code of CODES) {
      expect(await run(server, `/reset?code=${code}`, [{ do: 'refused' }])).toMatchObject({
        results: [{ stop: code, reset: code }],
      });
      expect(await run(server, `/stop?code=${code}`, [{ do: 'refused' }])).toMatchObject({
        results: [{ stop: code, reset: null }],
      });
    }
  });

  test('codes of ours that end streams arrive', async () => {
    const server = await serve();
    await run(
      server,
      '/report',
      CODES.map((code) => ({ do: 'refuse', code })),
    );
    expect(await server.reported('reset', CODES.length)).toEqual(CODES.map((code) => ({ event: 'reset', code })));
    expect(await server.reported('stop', CODES.length)).toEqual(CODES.map((code) => ({ event: 'stop', code })));
  });

  test.each(CLOSE_REASONS)('the server closes the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) {
      const results = [{ code, reason }];
      expect(await run(server, closePath(code, reason), [{ do: 'closed' }])).toMatchObject({ results });
    }
  });

  test.each(CLOSE_REASONS)('we close the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) await run(server, '/report', [{ do: 'close', code, reason }]);
    const closed = await server.reported('closed', CODES.length);
    expect(closed.map(({ closure }) => closure)).toMatchObject(CODES.map((code) => ({ code, reason })));
  });

  test('what the server opens at once with its answer is not lost', async () => {
    const server = await serve();
    const outcome = await run(server, '/push?bytes=100000', [{ do: 'pushed' }]);
    expect(outcome).toMatchObject({ results: [{ ...pushed(100_000), datagram: 'early' }] });
    expect(await server.reported('received')).toMatchObject([patternDigest(100_000)]);
  });

  // The others have no way to send anything before.
  test.runIf(name === 'aioquic')('what overtakes the answer is not lost', async () => {
    const outcome = await run(await serve(), '/push?bytes=1000&early=1', [{ do: 'pushed' }]);
    expect(outcome).toMatchObject({ results: [{ ...pushed(1000), datagram: 'early' }] });
  });

  test('a session that the server rejects', async () => {
    const { error } = await run(await serve(), '/reject?status=403', []);
    expect(error).toMatchObject({ name: 'WebTransportError', source: 'session' });
  });
});
