import { expect, test } from 'vitest';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { runAioquicProgram } from './aioquic-program.js';
import { OwnServer } from './own-server.js';
import { serveTest } from './serving.js';

const obstacle = await webTransportPeerObstacle('aioquic');
const identity = await makeWebTransportIdentity();

test.skipIf(obstacle !== undefined).each([
  // The request and all that belongs to it fit into the first congestion window.
  { streams: 20, datagrams: 20, bytes: 100 },
  { streams: 20, datagrams: 100, bytes: 100 },
  { streams: 100, datagrams: 20, bytes: 1000 },
])('$streams streams of each kind and $datagrams datagrams that come before the answer', async (flight) => {
  const server = await serveTest(OwnServer.start(identity));
  const args = Object.entries(flight).flatMap(([name, value]) => [`--${name}`, String(value)]);
  expect(await runAioquicProgram('flight.py', `${server.origin}/held`, identity.ca, args)).toEqual({
    unanswered: true,
    status: 200,
    streams: 2 * flight.streams,
    stream: patternDigest(flight.bytes),
    datagrams: flight.datagrams,
  });
});
