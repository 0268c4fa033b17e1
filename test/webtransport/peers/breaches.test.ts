import { describe, expect, test } from 'vitest';
import { H3_ERROR, WEBTRANSPORT_ERROR } from '../../../src/errors.js';
import { connect } from '../../../src/index.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { patternBytes, patternDigest } from '../../support/pattern.js';
import { settle } from '../../support/settlement.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { PROGRAM_DEADLINE_MS, runAioquicProgram } from './aioquic-program.js';
import { AFTER_CLOSE, type Breach, FATAL, FOREIGN_CODES, LONG_AFTER_CLOSE, MALFORMED } from './breaches.js';
import { OwnServer } from './own-server.js';
import { serveTest } from './serving.js';

/** What the server holds of streams for sessions that it does not know: fewer than a client may open. */
const HELD_STREAMS = 128;
const TOO_MANY_STREAMS = 40;

/** `aioquic/breach.py` says how the other session and the request fare. */
interface Outcome {
  readonly statuses: readonly number[];
  /** HTTP/3 codes of STOP_SENDING and RESET_STREAM for the streams that break the rules, each code once. */
  readonly stops: readonly number[];
  readonly resets: readonly number[];
  /** Streams that got either. */
  readonly refused: number;
  readonly echoed: number;
  /** Bytes. */
  readonly requested: number;
}

const UNTOUCHED = { statuses: [200, 200], echoed: 3, requested: 2000 } as const;

const obstacle = await webTransportPeerObstacle('aioquic');
const identity = await makeWebTransportIdentity();

const serve = (options: ServerOptions = {}): Promise<OwnServer> => serveTest(OwnServer.start(identity, options));

async function run(server: OwnServer, breach: Breach, ...args: string[]): Promise<Outcome> {
  const all = ['--breach', JSON.stringify(breach), ...args];
  return (await runAioquicProgram('breach.py', `${server.origin}/echo`, identity.ca, all)) as Outcome;
}

describe.skipIf(obstacle !== undefined)(
  `a client of aioquic that breaks the rules (${obstacle ?? 'installed'})`,
  () => {
    test.each(Object.entries(MALFORMED))('%s: its session alone fails', async (_what, breach) => {
      const server = await serve();
      expect(await run(server, breach)).toMatchObject({ ...UNTOUCHED, resets: [H3_ERROR.H3_MESSAGE_ERROR] });
      const [{ closure } = { closure: undefined }] = await server.reported('closed');
      expect(closure).toMatchObject({ code: null });
    });

    // What CLOSE says has come: that the client goes on talking does not take it away.
    test.each([
      { when: 'at once', breach: AFTER_CLOSE, codes: { resets: [H3_ERROR.H3_MESSAGE_ERROR] } },
      // Our direction has ended properly: there is nothing left to reset.
      { when: 'later', breach: LONG_AFTER_CLOSE, codes: { resets: [], stops: [H3_ERROR.H3_MESSAGE_ERROR] } },
    ])('bytes after CLOSE, $when: the session is closed, and its stream is broken off', async ({ breach, codes }) => {
      const server = await serve();
      expect(await run(server, breach)).toMatchObject({ ...UNTOUCHED, ...codes });
      const [{ closure } = { closure: undefined }] = await server.reported('closed');
      expect(closure).toMatchObject({ code: 7 });
    });

    test('streams and datagrams of a session that there never is are held, and refused beyond a limit', async () => {
      const server = await serve({ webTransport: { maxEarlyStreams: HELD_STREAMS } });
      const outcome = await run(server, { kind: 'stray', session: 4000, count: HELD_STREAMS + TOO_MANY_STREAMS });
      expect(outcome).toMatchObject({
        ...UNTOUCHED,
        stops: [WEBTRANSPORT_ERROR.WT_BUFFERED_STREAM_REJECTED],
        resets: [WEBTRANSPORT_ERROR.WT_BUFFERED_STREAM_REJECTED],
        refused: TOO_MANY_STREAMS,
      });
    });

    test('codes that are no application’s: streams end without a code, and the session goes on', async () => {
      const server = await serve();
      const outcome = await run(server, { kind: 'codes', codes: FOREIGN_CODES }, '--broken-path', '/report');
      expect(outcome).toMatchObject(UNTOUCHED);
      const codes = FOREIGN_CODES.map(() => ({ code: null }));
      expect(await server.reported('reset', codes.length)).toMatchObject(codes);
      expect(await server.reported('stop', codes.length)).toMatchObject(codes);
    });

    test.each(FATAL)('$what: its connection alone ends', async ({ breach, code }) => {
      const server = await serve();
      const connection = connect(server.origin, { ca: identity.ca });
      const beside = connection.request({ ':method': 'POST' });
      const settled = settle(beside);
      beside.write(patternBytes(1000));
      expect(await run(server, breach, '--fatal')).toEqual({ statuses: [200, 200], terminated: code });
      beside.end();
      expect(await settled).toMatchObject({ ...patternDigest(1000), error: undefined });
      connection.destroy();
    });

    test('1,000 streams of each kind at once', { timeout: PROGRAM_DEADLINE_MS }, async () => {
      const outcome = await run(await serve(), { kind: 'none' }, '--streams', '1000');
      expect(outcome).toMatchObject({ ...UNTOUCHED, echoed: 2001 });
    });
  },
);
