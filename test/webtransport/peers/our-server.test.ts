import { describe, expect, onTestFinished, test } from 'vitest';
import { expectNoNativeObjects } from '../../support/client.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  runWebTransportClient,
  type WebTransportOutcome,
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

const PEERS = ['aioquic', 'webtransport-go', 'webtransport-go (draft 02)'] as const satisfies WebTransportPeerName[];
const clients = await Promise.all(
  PEERS.map(async (name) => ({ name, obstacle: await webTransportPeerObstacle(name) })),
);
const identity = await makeWebTransportIdentity();

describe.each(clients)('the client of $name and our server', ({ name, obstacle }) => {
  if (obstacle !== undefined) {
    test.skip(obstacle, () => undefined);
    return;
  }

  async function serve(): Promise<OwnServer> {
    const server = await OwnServer.start(identity);
    onTestFinished(async () => {
      await server.stop();
      await expectNoNativeObjects();
    });
    return server;
  }

  function run(server: OwnServer, path: string, steps: readonly WebTransportStep[]): Promise<WebTransportOutcome> {
    return runWebTransportClient(name, server.origin + path, identity, steps);
  }

  test('streams of 0 B to 16 MiB come back byte-exact', { timeout: 180_000 }, async () => {
    const { steps, results } = echoed(SIZES);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ status: 200, results });
  });

  test('datagrams come back', async () => {
    const { steps, results } = datagramsEchoed(DATAGRAM_SIZES);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ status: 200, results });
  });

  test('datagrams come back from a byte stream', async () => {
    const { steps, results } = datagramsEchoed([1, 1100]);
    expect(await run(await serve(), '/echo?datagrams=bytes', steps)).toMatchObject({ status: 200, results });
  });

  test('codes of ours that end streams arrive', async () => {
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

  test('codes of the client that ends streams arrive', async () => {
    const server = await serve();
    await run(
      server,
      '/report',
      CODES.map((code) => ({ do: 'refuse', code })),
    );
    expect(await server.reported('reset', CODES.length)).toEqual(CODES.map((code) => ({ event: 'reset', code })));
    expect(await server.reported('stop', CODES.length)).toEqual(CODES.map((code) => ({ event: 'stop', code })));
  });

  test.each(CLOSE_REASONS)('we close the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) {
      const results = [{ code, reason, remote: true }];
      expect(await run(server, closePath(code, reason), [{ do: 'closed' }])).toMatchObject({ results });
    }
  });

  test.each(CLOSE_REASONS)('the client closes the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) await run(server, '/report', [{ do: 'close', code, reason }]);
    const closed = await server.reported('closed', CODES.length);
    expect(closed.map(({ closure }) => closure)).toMatchObject(CODES.map((code) => ({ code, reason })));
  });

  test('what we open at once with the answer arrives', async () => {
    const server = await serve();
    const outcome = await run(server, '/push?bytes=100000', [{ do: 'pushed' }]);
    expect(outcome).toMatchObject({ results: [pushed(100_000)] });
    expect(await server.reported('received')).toMatchObject([patternDigest(100_000)]);
  });

  test('a session that we reject', async () => {
    expect(await run(await serve(), '/reject?status=403', [])).toMatchObject({ status: 403, results: [] });
  });

  // The others offer none.
  test.runIf(name === 'webtransport-go')('an application protocol is agreed on', async () => {
    expect(await run(await serve(), '/echo', [])).toMatchObject({ status: 200, protocol: 'necko-2' });
  });
});
