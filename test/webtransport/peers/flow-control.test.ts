import { describe, expect, test } from 'vitest';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  runWebTransportClient,
  WebTransportPeer,
  type WebTransportStep,
  webTransportPeerObstacle,
} from '../../support/webtransport-peers.js';
import { CODES, echoed } from './expectations.js';
import { runOwnClient } from './own-client.js';
import { OwnServer } from './own-server.js';
import { serveTest } from './serving.js';

const PEER = 'webtransport-go';
const obstacle = await webTransportPeerObstacle(PEER);
const identity = await makeWebTransportIdentity();

/** Many windows, and more streams one after the other than the limit. */
const { steps, results } = echoed([0, 1, 100_000, 1_000_000, 1, 1, 1, 1, 5_000_000]);
const LIMITS = ['-max-streams', '2', '-max-data', '50000'];
/** Broken off both ways: what they carried has to come back to the window all the same. */
const REFUSALS = Array.from({ length: 40 }, (_, i): WebTransportStep => ({ do: 'refuse', code: CODES[i % 4] ?? 0 }));

describe.skipIf(obstacle !== undefined)('flow control of sessions, with narrow limits of webtransport-go', () => {
  test('our client and its server', { timeout: 120_000 }, async () => {
    const server = await serveTest(WebTransportPeer.start(PEER, identity, LIMITS));
    const options = { connection: { ca: identity.ca } };
    const run = (path: string, scenario: readonly WebTransportStep[]) =>
      runOwnClient(server.origin + path, options, scenario);
    expect(await run('/echo', steps)).toMatchObject({ results });
    await run('/report', REFUSALS);
    expect(await server.reported('reset', REFUSALS.length)).toHaveLength(REFUSALS.length);
  });

  test('its client and our server', { timeout: 120_000 }, async () => {
    const server = await serveTest(OwnServer.start(identity));
    const run = (path: string, scenario: readonly WebTransportStep[]) =>
      runWebTransportClient(PEER, server.origin + path, identity, scenario, LIMITS);
    expect(await run('/echo', steps)).toMatchObject({ status: 200, results });
    await run('/report', REFUSALS);
    expect(await server.reported('reset', REFUSALS.length)).toHaveLength(REFUSALS.length);
  });
});
