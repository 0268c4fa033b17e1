import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { Chromium } from '../../support/chromium.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import type { WebTransportStep } from '../../support/webtransport-peers.js';
import { CLOSE_REASONS, CODES, closePath, datagramsEchoed, echoed, pushed, SIZES } from './expectations.js';
import { OwnServer } from './own-server.js';
import { ScenarioPage } from './scenario-page.js';
import type { ScenarioOutcome } from './w3c-scenario.js';

// Datagrams without a byte are left out: a page's `readable` is a byte stream, which has no empty chunks.
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

async function serve(): Promise<OwnServer> {
  const server = await OwnServer.start(identity);
  onTestFinished(async () => {
    await server.stop();
    await expectNoNativeObjects();
  });
  return server;
}

/** The certificate is known to no authority that Chromium trusts. */
function run(server: OwnServer, path: string, steps: readonly WebTransportStep[]): Promise<ScenarioOutcome> {
  return page.run(tab, server.origin + path, identity.hash, steps);
}

describe('Chromium and our server', () => {
  test('streams of 0 B to 16 MiB come back byte-exact', { timeout: 120_000 }, async () => {
    const { steps, results } = echoed(SIZES);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ results });
  });

  test('datagrams come back', async () => {
    const { steps, results } = datagramsEchoed([1, 1100]);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ results });
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

  test('codes of the page that end streams arrive', async () => {
    const server = await serve();
    const steps = CODES_OF_PAGES.map((code) => ({ do: 'refuse', code }) as const);
    await run(server, '/report', steps);
    const codes = (event: 'reset' | 'stop') => CODES_OF_PAGES.map((code) => ({ event, code }));
    expect(await server.reported('reset', steps.length)).toEqual(codes('reset'));
    expect(await server.reported('stop', steps.length)).toEqual(codes('stop'));
  });

  test.each(CLOSE_REASONS)('we close the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) {
      const results = [{ code, reason }];
      expect(await run(server, closePath(code, reason), [{ do: 'closed' }])).toMatchObject({ results });
    }
  });

  test.each(CLOSE_REASONS)('the page closes the session with a reason: $kind', async ({ reason }) => {
    const server = await serve();
    for (const code of CODES) await run(server, '/report', [{ do: 'close', code, reason }]);
    const closed = await server.reported('closed', CODES.length);
    expect(closed.map(({ closure }) => closure)).toMatchObject(CODES.map((code) => ({ code, reason })));
  });

  test('what we open at once with the answer arrives', async () => {
    const server = await serve();
    expect(await run(server, '/push?bytes=100000', [{ do: 'pushed' }])).toMatchObject({ results: [pushed(100_000)] });
    expect(await server.reported('received')).toMatchObject([patternDigest(100_000)]);
  });

  test('a session that we reject', async () => {
    const { error } = await run(await serve(), '/reject?status=403', []);
    expect(error).toMatchObject({ name: 'WebTransportError', source: 'session' });
  });
});
