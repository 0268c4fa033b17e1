import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { H3_ERROR, WEBTRANSPORT_ERROR } from '../../../src/errors.js';
import { aioquicEnvironment, ensureAioquic } from '../../support/aioquic-install.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { runProgram } from '../../support/run-child.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { OwnServer } from './own-server.js';

const PROGRAM = fileURLToPath(new URL('./aioquic/breach.py', import.meta.url));
const DEADLINE_MS = 60_000;
/** What our server holds of streams for sessions that it does not know. */
const HELD_STREAMS = 128;

type Breach =
  | { readonly kind: 'none' }
  | { readonly kind: 'capsules'; readonly hex: string; readonly fin: boolean }
  | { readonly kind: 'unknown session'; readonly session: number; readonly count: number };

/** `aioquic/breach.py` says how each session fares. */
interface Outcome {
  readonly statuses: readonly number[];
  /** HTTP/3 codes of STOP_SENDING and RESET_STREAM for the streams that break the rules, each code once. */
  readonly stops: readonly number[];
  readonly resets: readonly number[];
  readonly refused: number;
  readonly echoed: number;
}

const capsules = (hex: string, fin = false): Breach => ({ kind: 'capsules', hex, fin });
const MALFORMED = {
  'a CLOSE capsule without a code': capsules('684303000000'),
  'a reason of 1,025 bytes': capsules(`68434405000000${'07'}${'61'.repeat(1025)}`),
  'a reason that is not UTF-8': capsules('68430600000007ff80'),
  'bytes after CLOSE': capsules('6843040000000700'),
  'a DRAIN capsule that is not empty': capsules('800078ae0100'),
  'an end inside a capsule': capsules('68430600', true),
  'a capsule of HTTP/2 alone': capsules('990b4d3e0100'),
} as const;

const obstacle = await webTransportPeerObstacle('aioquic');
const identity = await makeWebTransportIdentity();

async function serve(): Promise<OwnServer> {
  const server = await OwnServer.start(identity);
  onTestFinished(async () => {
    await server.stop();
    await expectNoNativeObjects();
  });
  return server;
}

async function run(server: OwnServer, breach: Breach, streams = 1): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-webtransport-'));
  try {
    const ca = join(directory, 'ca.pem');
    await writeFile(ca, identity.ca);
    const args = [PROGRAM, '--ca', ca, '--breach', JSON.stringify(breach), '--streams', String(streams)];
    const { exitCode, stdout, stderr } = await runProgram(await ensureAioquic(), [...args, `${server.origin}/echo`], {
      env: aioquicEnvironment,
      deadlineMs: DEADLINE_MS,
    });
    if (exitCode !== 0) throw new Error(`breach.py failed (exit code ${exitCode})\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Outcome;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe.skipIf(obstacle !== undefined)(
  `a client of aioquic that breaks the rules (${obstacle ?? 'installed'})`,
  () => {
    test.each(Object.entries(MALFORMED))('%s ends its session alone', async (_what, breach) => {
      const server = await serve();
      expect(await run(server, breach)).toMatchObject({
        statuses: [200, 200],
        resets: [H3_ERROR.H3_MESSAGE_ERROR],
        echoed: 3,
      });
    });

    test('streams and datagrams of a session that there never is are held, and refused beyond a limit', async () => {
      const outcome = await run(await serve(), { kind: 'unknown session', session: 4000, count: HELD_STREAMS + 40 });
      expect(outcome).toMatchObject({ stops: [WEBTRANSPORT_ERROR.WT_BUFFERED_STREAM_REJECTED], echoed: 3 });
      expect(outcome.refused).toBeGreaterThan(0);
    });

    test('1,000 streams of each kind at once', { timeout: DEADLINE_MS }, async () => {
      expect(await run(await serve(), { kind: 'none' }, 1000)).toMatchObject({ statuses: [200, 200], echoed: 2001 });
    });
  },
);
