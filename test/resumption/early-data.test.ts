import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryTokenStore } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { startCaddy } from '../support/caddy.js';
import { makeIdentity } from '../support/client.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { type Qlog, readQlogs } from '../support/qlog.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { connectionsDrained, visit } from '../support/visit.js';

const identity = await makeIdentity();
const goObstacle = await goPeerObstacle();

/** Types of the packets that carried the request on stream 0. */
function packetsOfRequest({ events }: Qlog): (string | undefined)[] {
  return events
    .filter(({ name, data }) => name.endsWith('packet_sent') && data.frames?.some((frame) => frame.stream_id === 0))
    .map(({ data }) => data.header?.packet_type);
}

describe('a second connection resumes and sends its GET in 0-RTT', () => {
  async function expectEarlyData(port: number): Promise<void> {
    const origin = `https://127.0.0.1:${port}`;
    const qlogDir = await temporaryDirectory();
    const options = { ca: identity.ca, tokenStore: new MemoryTokenStore() };
    const first = await visit(origin, options);
    expect(first.info).toMatchObject({ resumed: false, earlyData: 'none', authorized: true });
    expect(first.sentEarly).toBe(false);
    const second = await visit(origin, { ...options, qlogDir });
    expect(second.info).toMatchObject({ resumed: true, earlyData: 'accepted', authorized: true });
    expect(second.sentEarly).toBe(true);
    expect(second.response.headers?.[':status']).toBe(first.response.headers?.[':status']);
    expect(second.response.sha256).toBe(first.response.sha256);
    // A resumed handshake shows no certificates; those of the first one are remembered.
    expect(second.info.certificates.map(({ fingerprint256 }) => fingerprint256)).toEqual(
      first.info.certificates.map(({ fingerprint256 }) => fingerprint256),
    );
    expect(second.info.certificates[0]?.checkIP('127.0.0.1')).toBe('127.0.0.1');
    await connectionsDrained();
    const [qlog] = await readQlogs(qlogDir);
    if (qlog === undefined) throw new Error('no qlog was written');
    expect(packetsOfRequest(qlog)[0]).toBe('0RTT');
  }

  test('as aioquic reports', async () => {
    const server = await AioquicServer.start(identity);
    onTestFinished(() => server.stop());
    await expectEarlyData(server.port);
    expect(server.requests.map(({ early }) => early)).toEqual([false, false, true, false]);
    expect(server.events.filter(({ event }) => event === 'handshake')).toEqual([
      { event: 'handshake', resumed: false, earlyData: false },
      { event: 'handshake', resumed: true, earlyData: true },
    ]);
  });

  test.skipIf(goObstacle !== undefined)(`as quic-go reports${goObstacle ? ` (${goObstacle})` : ''}`, async () => {
    const server = await GoPeer.start(identity);
    onTestFinished(() => server.stop());
    await expectEarlyData(server.port);
    expect(server.requests.map(({ early, resumed }) => [early, resumed])).toEqual([
      [false, false],
      [false, false],
      [true, true],
      [false, true],
    ]);
  });

  test('with Caddy', async () => {
    const caddy = await startCaddy({ ...identity, routes: [{ path: '/', respond: { body: 'hello' } }] });
    onTestFinished(() => caddy.stop());
    await expectEarlyData(caddy.port);
  });
});
