import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryTokenStore } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { startCaddy } from '../support/caddy.js';
import { makeIdentity, openSession } from '../support/client.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { readQlogs, sentPacketTypes } from '../support/qlog.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { connectionInfo, connectionsDrained, visit } from '../support/visit.js';

const identity = await makeIdentity();
const goObstacle = await goPeerObstacle();

/** Visits a server, makes it forget what it needs to accept 0-RTT, and visits it again with 0-RTT. */
async function expectRejection(origin: string, forget: () => Promise<unknown>): Promise<void> {
  const options = { ca: identity.ca, tokenStore: new MemoryTokenStore(), qlogDir: await temporaryDirectory() };
  const first = await visit(origin, { ...options, qlogDir: '' });
  await forget();
  const second = await visit(origin, options);
  expect(second.info).toMatchObject({ resumed: false, earlyData: 'rejected', authorized: true });
  expect(second.sentEarly).toBe(false);
  expect(second.response.sha256).toBe(first.response.sha256);
  await connectionsDrained();
  const [qlog] = await readQlogs(options.qlogDir);
  // 0-RTT was tried.
  expect(qlog && sentPacketTypes(qlog)).toContain('0RTT');
}

describe('a rejected 0-RTT is sent again and completes', () => {
  test('with Caddy, restarted with other ticket keys', async () => {
    const site = { ...identity, routes: [{ path: '/', respond: { body: 'hello' } }] } as const;
    let caddy = await startCaddy(site);
    onTestFinished(() => caddy.stop());
    await expectRejection(caddy.origin, async () => {
      await caddy.kill();
      caddy = await startCaddy({ ...site, port: caddy.port });
    });
  });

  test.skipIf(goObstacle !== undefined)(
    `with quic-go, restarted with other ticket keys${goObstacle ? ` (${goObstacle})` : ''}`,
    async () => {
      let server = await GoPeer.start(identity);
      onTestFinished(() => server.stop());
      await expectRejection(`https://127.0.0.1:${server.port}`, async () => {
        await server.stop();
        server = await GoPeer.start({ ...identity, port: server.port });
      });
      expect(server.requests.map(({ early }) => early)).toEqual([false, false]);
    },
  );

  test('with aioquic, which sees it exactly once', async () => {
    const server = await AioquicServer.start(identity);
    onTestFinished(() => server.stop());
    await expectRejection(server.origin, () => server.forgetTickets());
    // Two requests a visit.
    expect(server.requests.map(({ early }) => early)).toEqual([false, false, false, false]);
  });
});

describe('many requests in a rejected 0-RTT', () => {
  const COUNT = 40;

  async function resumeAtForgetfulServer() {
    const server = await AioquicServer.start(identity);
    onTestFinished(() => server.stop());
    const tokenStore = new MemoryTokenStore();
    await visit(server.origin, { ca: identity.ca, tokenStore });
    await server.forgetTickets();
    return { server, session: openSession(server.origin, identity, { tokenStore }) };
  }

  test('each completes and reaches the server exactly once, the unsafe ones among them too', async () => {
    const { server, session } = await resumeAtForgetfulServer();
    const connected = connectionInfo(session);
    const settlements = await Promise.all(
      Array.from({ length: COUNT }, (_, number) =>
        number % 4 === 0
          ? fetchBytes(session, { ':method': 'POST', ':path': `/request/${number}` }, { body: `body ${number}` })
          : fetchBytes(session, { ':path': `/request/${number}` }),
      ),
    );
    // The server knows no such paths; they only have to be told apart.
    expect(settlements.map(({ error, headers }) => error ?? headers?.[':status'])).toEqual(Array(COUNT).fill(404));
    expect((await connected).earlyData).toBe('rejected');
    const paths = server.requests.slice(2).map(({ path }) => path);
    expect(new Set(paths).size).toBe(COUNT);
    expect(paths).toHaveLength(COUNT);
    expect(server.requests.some(({ early }) => early)).toBe(false);
  });

  test('one that is aborted meanwhile does not come back', async () => {
    const { server, session } = await resumeAtForgetfulServer();
    const aborted = session.request({ ':path': '/aborted' });
    const kept = session.request({ ':path': '/bytes?length=100' });
    aborted.once('ready', () => aborted.close());
    const [first, second] = await Promise.all([settle(aborted), settle(kept)]);
    expect(first.headers).toBeUndefined();
    expect(second).toMatchObject({ error: undefined, bytes: 100 });
    // The connection is in order: another request passes.
    expect((await fetchBytes(session, { ':path': '/' })).error).toBeUndefined();
    expect(server.requests.map(({ path }) => path)).not.toContain('/aborted');
  });
});
