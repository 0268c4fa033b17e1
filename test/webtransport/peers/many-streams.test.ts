import { expect, test } from 'vitest';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { runWebTransportClient, WebTransportPeer, webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { runOwnClient } from './own-client.js';
import { OwnServer } from './own-server.js';
import { serveTest } from './serving.js';

const PEER = 'aioquic';
/** Of each kind, many times what either end allows at once. */
const COUNT = 1000;
const BYTES = 1000;
const TIMEOUT = { timeout: 120_000 };
const ALL = [{ streams: 2 * COUNT, kinds: [patternDigest(BYTES)] }];

const obstacle = await webTransportPeerObstacle(PEER);
const identity = await makeWebTransportIdentity();
const openPath = `/open?count=${COUNT}&bytes=${BYTES}`;

const trusted = { connection: { ca: identity.ca } };

test.skipIf(obstacle !== undefined)('our client opens streams at once to aioquic', TIMEOUT, async () => {
  const server = await serveTest(WebTransportPeer.start(PEER, identity));
  expect(
    await runOwnClient(`${server.origin}/echo`, trusted, [{ do: 'many', count: COUNT, bytes: BYTES }]),
  ).toMatchObject({ results: ALL });
});

test.skipIf(obstacle !== undefined)('aioquic opens streams at once to our client', TIMEOUT, async () => {
  const server = await serveTest(WebTransportPeer.start(PEER, identity));
  expect(await runOwnClient(server.origin + openPath, trusted, [{ do: 'opened', count: COUNT }])).toMatchObject({
    results: ALL,
  });
});

test.skipIf(obstacle !== undefined)('our server opens streams at once to aioquic', TIMEOUT, async () => {
  const server = await serveTest(OwnServer.start(identity));
  const outcome = await runWebTransportClient(PEER, server.origin + openPath, identity, [
    { do: 'opened', count: COUNT },
    // What the client sends last has arrived when the server closes the session.
    { do: 'closed' },
  ]);
  expect(outcome).toMatchObject({ status: 200, results: [...ALL, {}] });
  const received = await server.reported('received', COUNT);
  expect(new Set(received.map(({ bytes, sha256 }) => `${bytes} ${sha256}`)).size).toBe(1);
  expect(received[0]).toMatchObject(patternDigest(BYTES));
});
