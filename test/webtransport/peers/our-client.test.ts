import { describe, expect, test } from 'vitest';
import { WebTransport } from '../../../src/webtransport.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import {
  WEB_TRANSPORT_PEERS,
  WebTransportPeer,
  type WebTransportPeerName,
  webTransportPeerObstacle,
} from '../../support/webtransport-peers.js';
import { datagramsEchoed, pushed } from './expectations.js';
import { runOwnClient } from './own-client.js';
import { OwnServer } from './own-server.js';
import { testScenarios } from './scenario-cases.js';
import { serveTest } from './serving.js';

const OWN = 'necko-http3';
const obstacles = await Promise.all(
  WEB_TRANSPORT_PEERS.map(async (name) => ({ name, obstacle: await webTransportPeerObstacle(name) })),
);
const servers: readonly { readonly name: WebTransportPeerName | typeof OWN; readonly obstacle: string | undefined }[] =
  [{ name: OWN, obstacle: undefined }, ...obstacles];
const identity = await makeWebTransportIdentity();
const trusted = { connection: { ca: identity.ca }, datagramsReadableType: 'default' } as const;
const byHash = { serverCertificateHashes: [{ algorithm: 'sha-256', value: identity.hash }] };
/** Several of each, since each may be lost. */
const DATAGRAMS_EMPTY_FIRST = [0, 0, 0, 1, 1, 1] as const;

/** Sends datagrams without a byte and then with one. @returns bytes of the first chunk that comes back */
async function firstEchoed(url: string, datagramsReadableType: 'default' | 'bytes'): Promise<number | undefined> {
  const session = new WebTransport(url, { ...byHash, datagramsReadableType });
  await session.ready;
  const writer = session.datagrams.createWritable().getWriter();
  const reader = session.datagrams.readable.getReader();
  for (const bytes of DATAGRAMS_EMPTY_FIRST) await writer.write(new Uint8Array(bytes));
  const { value } = await reader.read();
  session.close();
  await session.closed;
  return value?.byteLength;
}

describe.each(servers)('our client and the server of $name', ({ name, obstacle }) => {
  if (obstacle !== undefined) {
    test.skip(obstacle, () => undefined);
    return;
  }

  const start = (): Promise<OwnServer | WebTransportPeer> =>
    name === OWN ? OwnServer.start(identity) : WebTransportPeer.start(name, identity);

  describe('scenarios', () => {
    testScenarios({
      start,
      run: (sessions) => Promise.all(sessions.map(({ url, steps }) => runOwnClient(url, trusted, steps))),
      pushed: { datagram: 'early' },
      rejected: { error: { name: 'WebTransportError', source: 'session' } },
    });
  });

  test('datagrams, in chunks and as bytes of a byte stream', async () => {
    const url = `${(await serveTest(start())).origin}/echo`;
    const { steps, results } = datagramsEchoed([1, 1100]);
    for (const datagramsReadableType of ['default', 'bytes'] as const) {
      expect(await runOwnClient(url, { ...byHash, datagramsReadableType }, steps)).toMatchObject({ results });
    }
    // One without a byte comes in chunks, not in a byte stream.
    expect(await firstEchoed(url, 'default')).toBe(0);
    expect(await firstEchoed(url, 'bytes')).toBe(1);
    // Nor to a server that reads one.
    if (name === OWN) expect(await firstEchoed(`${url}?datagrams=bytes`, 'default')).toBe(1);
  });

  // The others have no way to send anything before.
  if (name === 'aioquic') {
    test('what overtakes the answer is not lost', async () => {
      const url = `${(await serveTest(start())).origin}/push?bytes=1000&early=1`;
      const outcome = await runOwnClient(url, trusted, [{ do: 'pushed' }]);
      expect(outcome).toMatchObject({ results: [{ ...pushed(1000), datagram: 'early' }] });
    });
  }
});
