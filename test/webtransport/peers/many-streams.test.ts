import { expect, onTestFinished, test } from 'vitest';
import { WebTransport, WebTransportError } from '../../../src/webtransport.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  runWebTransportClient,
  WebTransportPeer,
  type WebTransportStep,
  webTransportPeerObstacle,
} from '../../support/webtransport-peers.js';
import { OwnServer } from './own-server.js';
import { runScenario, type ScenarioOutcome } from './w3c-scenario.js';

const PEER = 'aioquic';
/** Of each kind, many times what either end allows at once. */
const COUNT = 1000;
const BYTES = 1000;
const TIMEOUT = { timeout: 120_000 };
const ALL = [{ streams: 2 * COUNT, kinds: [patternDigest(BYTES)] }];

const obstacle = await webTransportPeerObstacle(PEER);
const identity = await makeWebTransportIdentity();
const openPath = `/open?count=${COUNT}&bytes=${BYTES}`;

async function tidy<Server extends OwnServer | WebTransportPeer>(starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  onTestFinished(async () => {
    await server.stop();
    await expectNoNativeObjects();
  });
  return server;
}

function run(server: WebTransportPeer, path: string, steps: readonly WebTransportStep[]): Promise<ScenarioOutcome> {
  const session = new WebTransport(server.origin + path, { connection: { ca: identity.ca } });
  // A step that fails leaves it open.
  onTestFinished(() => session.close());
  return runScenario(session, WebTransportError, steps);
}

test.skipIf(obstacle !== undefined)('our client opens streams at once to aioquic', TIMEOUT, async () => {
  const server = await tidy(WebTransportPeer.start(PEER, identity));
  expect(await run(server, '/echo', [{ do: 'many', count: COUNT, bytes: BYTES }])).toMatchObject({ results: ALL });
});

test.skipIf(obstacle !== undefined)('aioquic opens streams at once to our client', TIMEOUT, async () => {
  const server = await tidy(WebTransportPeer.start(PEER, identity));
  expect(await run(server, openPath, [{ do: 'opened', count: COUNT }])).toMatchObject({ results: ALL });
});

test.skipIf(obstacle !== undefined)('our server opens streams at once to aioquic', TIMEOUT, async () => {
  const server = await tidy(OwnServer.start(identity));
  const outcome = await runWebTransportClient(PEER, server.origin + openPath, identity, [
    { do: 'opened', count: COUNT },
  ]);
  expect(outcome).toMatchObject({ status: 200, results: ALL });
  const received = await server.reported('received', COUNT);
  expect(new Set(received.map(({ bytes, sha256 }) => `${bytes} ${sha256}`)).size).toBe(1);
  expect(received[0]).toMatchObject(patternDigest(BYTES));
});
