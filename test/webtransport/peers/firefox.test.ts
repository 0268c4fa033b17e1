import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { expectNoNativeObjects } from '../../support/client.js';
import { Firefox } from '../../support/firefox.js';
import { patternDigest } from '../../support/pattern.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import type { WebTransportStep } from '../../support/webtransport-peers.js';
import { closePath, datagramsEchoed, echoed, pushed, SIZES } from './expectations.js';
import { OwnServer } from './own-server.js';
import { ScenarioPage } from './scenario-page.js';
import type { ScenarioOutcome } from './w3c-scenario.js';

// What Firefox ESR cannot do is left out: its connection breaks by a unidirectional stream without a byte that comes in, and the codes that
// end streams do not reach its pages.
const NOT_EMPTY = SIZES.filter((bytes) => bytes > 0);
const CODE = 0xffffffff;
const REASON = 'Grüße, 世界 👋';

const identity = await makeWebTransportIdentity();
const page = await ScenarioPage.serve();
// The port is for pages over HTTP/3, of which there are none.
const firefox = await Firefox.start(1, identity.ca);
afterAll(async () => {
  page.close();
  await firefox.stop();
});

async function serve(): Promise<OwnServer> {
  const server = await OwnServer.start(identity);
  onTestFinished(async () => {
    await server.stop();
    await expectNoNativeObjects();
  });
  return server;
}

function run(server: OwnServer, path: string, steps: readonly WebTransportStep[]): Promise<ScenarioOutcome> {
  return page.run(firefox, server.origin + path, identity.hash, steps);
}

describe('Firefox and our server', () => {
  test('streams of 1 B to 16 MiB come back byte-exact', { timeout: 120_000 }, async () => {
    const { steps, results } = echoed(NOT_EMPTY);
    expect(await run(await serve(), '/echo', [{ do: 'bidi', bytes: 0 }, ...steps])).toMatchObject({
      results: [patternDigest(0), ...results],
    });
  });

  test('it accepts a certificate of an authority that it trusts', async () => {
    const server = await serve();
    const url = `https://localhost:${server.port}/echo`;
    expect(await page.run(firefox, url, undefined, [{ do: 'bidi', bytes: 1 }])).toMatchObject({
      results: [patternDigest(1)],
    });
  });

  test('datagrams come back', async () => {
    const { steps, results } = datagramsEchoed([1, 1100]);
    expect(await run(await serve(), '/echo', steps)).toMatchObject({ results });
  });

  test('either side closes the session with a code and a reason', async () => {
    const server = await serve();
    const results = [{ code: CODE, reason: REASON }];
    expect(await run(server, closePath(CODE, REASON), [{ do: 'closed' }])).toMatchObject({ results });
    await run(server, '/echo', [{ do: 'close', code: CODE, reason: REASON }]);
    const [, closed] = await server.reported('closed', 2);
    expect(closed?.closure).toMatchObject({ code: CODE, reason: REASON });
  });

  test('what we open at once with the answer arrives', async () => {
    const server = await serve();
    expect(await run(server, '/push?bytes=100000', [{ do: 'pushed' }])).toMatchObject({ results: [pushed(100_000)] });
  });

  test('a session that we reject', async () => {
    const { error } = await run(await serve(), '/reject?status=403', []);
    expect(error).toMatchObject({ name: 'WebTransportError', source: 'session' });
  });
});
