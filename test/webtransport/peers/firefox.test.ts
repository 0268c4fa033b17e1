import { afterAll, describe, expect, test } from 'vitest';
import { Firefox } from '../../support/firefox.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { SIZES } from './expectations.js';
import { OwnServer } from './own-server.js';
import { testScenarios } from './scenario-cases.js';
import { ScenarioPage } from './scenario-page.js';
import { serveTest } from './serving.js';

const identity = await makeWebTransportIdentity();
const page = await ScenarioPage.serve();
// The port is for pages over HTTP/3, of which there are none.
const firefox = await Firefox.start(1, identity.ca);
afterAll(async () => {
  page.close();
  await firefox.stop();
});

describe('Firefox and our server', () => {
  // What Firefox ESR cannot do is left out: its connection breaks by a unidirectional stream without a byte that comes in, and the
  // codes that end streams do not reach its pages.
  testScenarios({
    start: () => OwnServer.start(identity),
    run: (sessions) => page.runInTurn(firefox, identity.hash, sessions),
    rejected: { error: { name: 'WebTransportError', source: 'session' } },
    unidirectional: SIZES.filter((bytes) => bytes > 0),
    datagrams: [1, 1100],
    codesToClient: [],
    codesToServer: [],
    closeCodes: [0xffffffff],
    closeReasons: [{ kind: 'short', reason: 'Grüße, 世界 👋' }],
  });
});

test('Firefox accepts a certificate of an authority that it trusts', async () => {
  const server = await serveTest(OwnServer.start(identity));
  const url = `https://localhost:${server.port}/echo`;
  expect(await page.run(firefox, url, undefined, [{ do: 'bidi', bytes: 1 }])).toMatchObject({
    results: [patternDigest(1)],
  });
});
