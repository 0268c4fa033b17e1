import { describe, expect, test } from 'vitest';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  runWebTransportClient,
  runWebTransportClients,
  WEB_TRANSPORT_PEERS,
  webTransportPeerObstacle,
} from '../../support/webtransport-peers.js';
import { datagramsEchoed } from './expectations.js';
import { OwnServer } from './own-server.js';
import { testScenarios } from './scenario-cases.js';
import { serveTest } from './serving.js';

const clients = await Promise.all(
  WEB_TRANSPORT_PEERS.map(async (name) => ({ name, obstacle: await webTransportPeerObstacle(name) })),
);
const identity = await makeWebTransportIdentity();

describe.each(clients)('the client of $name and our server', ({ name, obstacle }) => {
  if (obstacle !== undefined) {
    test.skip(obstacle, () => undefined);
    return;
  }

  const start = () => OwnServer.start(identity);

  describe('scenarios', () => {
    testScenarios({
      start,
      run: (sessions) => runWebTransportClients(name, identity, sessions),
      established: { status: 200 },
      closed: { remote: true },
      rejected: { status: 403, results: [] },
    });
  });

  test('datagrams come back from a byte stream', async () => {
    const { steps, results } = datagramsEchoed([1, 1100]);
    const server = await serveTest(start());
    expect(await runWebTransportClient(name, `${server.origin}/echo?datagrams=bytes`, identity, steps)).toMatchObject({
      status: 200,
      results,
    });
  });

  // The others offer none.
  if (name === 'webtransport-go') {
    test('an application protocol is agreed on', async () => {
      const server = await serveTest(start());
      expect(await runWebTransportClient(name, `${server.origin}/echo`, identity, [])).toMatchObject({
        status: 200,
        protocol: 'necko-2',
      });
    });
  }
});
