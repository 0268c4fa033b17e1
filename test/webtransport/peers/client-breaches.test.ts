import { describe, expect, onTestFinished, test } from 'vitest';
import { H3_ERROR, WEBTRANSPORT_ERROR } from '../../../src/errors.js';
import { connect } from '../../../src/index.js';
import { WebTransport, WebTransportError } from '../../../src/webtransport.js';
import { patternBytes, patternDigest } from '../../support/pattern.js';
import { settle } from '../../support/settlement.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { WebTransportPeer, webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { AFTER_CLOSE, type Breach, FATAL, FOREIGN_CODES, MALFORMED } from './breaches.js';
import { serveTest } from './serving.js';
import { digestOf } from './w3c-scenario.js';

const PEER = 'aioquic';
const STRAY_STREAMS = 60;
const FAILED = { name: 'WebTransportError', source: 'session' };

const obstacle = await webTransportPeerObstacle(PEER);
const identity = await makeWebTransportIdentity();
const trusted = { connection: { ca: identity.ca } };

const serve = (): Promise<WebTransportPeer> => serveTest(WebTransportPeer.start(PEER, identity));

async function open(server: WebTransportPeer, path: string, allowPooling = false): Promise<WebTransport> {
  const session = new WebTransport(server.origin + path, { ...trusted, allowPooling });
  session.closed.catch(() => undefined);
  onTestFinished(() => session.close());
  await session.ready;
  return session;
}

/** Sends a stream and reads what comes back. */
async function echo(session: WebTransport): Promise<unknown> {
  const { readable, writable } = await session.createBidirectionalStream();
  const writer = writable.getWriter();
  const sent = writer.write(patternBytes(1000)).then(() => writer.close());
  const [digest] = await Promise.all([digestOf(readable), sent]);
  return digest;
}

/** Has the server break the rules in a session. What else that ends is seen there. */
async function provoke(session: WebTransport): Promise<void> {
  await echo(session).catch((error: unknown) => expect(error).toMatchObject({ name: 'WebTransportError' }));
}

/** A session and a request on other connections to the server, which are under way while the rules are broken. */
async function beside(server: WebTransportPeer, breakRules: () => Promise<void>): Promise<void> {
  const other = await open(server, '/echo');
  const connection = connect(server.origin, { ca: identity.ca });
  const request = connection.request({ ':method': 'POST' });
  const settled = settle(request);
  request.write(patternBytes(1000));
  expect(await echo(other)).toEqual(patternDigest(1000));
  await breakRules();
  expect(await echo(other)).toEqual(patternDigest(1000));
  request.end();
  expect(await settled).toMatchObject({ ...patternDigest(1000), error: undefined });
  connection.destroy();
  other.close();
  await other.closed;
}

const breachPath = (breach: Breach) => `/breach?${new URLSearchParams({ breach: JSON.stringify(breach) })}`;

/** Has a server break the rules in one of two sessions on a connection. */
async function provokeBeside(
  server: WebTransportPeer,
  breach: Breach,
  check: (broken: WebTransport, neighbour: WebTransport) => Promise<void>,
): Promise<void> {
  await beside(server, async () => {
    const broken = await open(server, breachPath(breach), true);
    const neighbour = await open(server, '/echo', true);
    await provoke(broken);
    await check(broken, neighbour);
  });
}

/** The same for what ends only the session, whose stream is reset. */
async function breakSession(breach: Breach, check: (closed: WebTransport['closed']) => Promise<void>): Promise<void> {
  const server = await serve();
  await provokeBeside(server, breach, async (broken, neighbour) => {
    await check(broken.closed);
    expect(await server.reported('refused-stream')).toContainEqual({
      event: 'refused-stream',
      what: 'reset',
      code: H3_ERROR.H3_MESSAGE_ERROR,
    });
    expect(await echo(neighbour)).toEqual(patternDigest(1000));
  });
}

describe.skipIf(obstacle !== undefined)(
  `a server of aioquic that breaks the rules (${obstacle ?? 'installed'})`,
  () => {
    test.each(Object.entries(MALFORMED))('%s: its session alone ends', async (_what, breach) => {
      await breakSession(breach, (closed) => expect(closed).rejects.toMatchObject(FAILED));
    });

    // What CLOSE says has come: that the server goes on talking does not take it away.
    test('bytes after CLOSE: the session is closed, and the stream is reset', async () => {
      await breakSession(AFTER_CLOSE, async (closed) => expect(await closed).toEqual({ closeCode: 7, reason: '' }));
    });

    test('streams and datagrams of a session that there never was are refused', async () => {
      const server = await serve();
      await beside(server, async () => {
        const stray = await open(server, breachPath({ kind: 'stray', session: 4000, count: STRAY_STREAMS }), true);
        expect(await echo(stray)).toEqual(patternDigest(1000));
        // Each of them is stopped, and every second one, which is bidirectional, reset as well.
        const refused = await server.reported('refused-stream', STRAY_STREAMS * 1.5);
        expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([WEBTRANSPORT_ERROR.WT_SESSION_GONE]));
        expect(await echo(stray)).toEqual(patternDigest(1000));
      });
    });

    test('codes that are no application’s: streams end without a code, and the session goes on', async () => {
      const server = await serve();
      await beside(server, async () => {
        for (const code of FOREIGN_CODES) {
          const session = await open(server, `/reset?http-code=${code}`);
          for (let stream = 0; stream < 2; stream++) {
            const { readable, writable } = await session.createBidirectionalStream();
            const writer = writable.getWriter();
            const ends = [writer.closed, digestOf(readable)].map((end) =>
              expect(end).rejects.toMatchObject({ name: 'WebTransportError', source: 'stream', streamErrorCode: null }),
            );
            await writer.write(new Uint8Array(1));
            await Promise.all(ends);
          }
          session.close();
          await session.closed;
        }
      });
    });

    test.each(FATAL)('$what: its connection alone ends', async ({ breach, code }) => {
      const server = await serve();
      await provokeBeside(server, breach, async (broken, neighbour) => {
        await expect(broken.closed).rejects.toBeInstanceOf(WebTransportError);
        await expect(neighbour.closed).rejects.toMatchObject(FAILED);
        expect(await server.reported('terminated')).toEqual([{ event: 'terminated', code }]);
      });
    });
  },
);
