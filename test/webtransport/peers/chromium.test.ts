import { afterAll, describe } from 'vitest';
import { Chromium } from '../../support/chromium.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { OwnServer } from './own-server.js';
import { testScenarios } from './scenario-cases.js';
import { ScenarioPage } from './scenario-page.js';

/** Chromium clamps the codes that a page ends its streams with to a byte. */
const CODES_OF_PAGES = [0, 0x1d, 0x1e, 0xff] as const;

const identity = await makeWebTransportIdentity();
const page = await ScenarioPage.serve();
const chromium = await Chromium.start();
const tab = await chromium.newPage();
afterAll(async () => {
  page.close();
  await chromium.stop();
});

describe('Chromium and our server', () => {
  testScenarios({
    start: () => OwnServer.start(identity),
    // The certificate is known to no authority that Chromium trusts.
    run: (sessions) => page.runInTurn(tab, identity.hash, sessions),
    rejected: { error: { name: 'WebTransportError', source: 'session' } },
    // A page's `readable` is a byte stream, which has no empty chunks.
    datagrams: [1, 1100],
    codesToServer: CODES_OF_PAGES,
  });
});
