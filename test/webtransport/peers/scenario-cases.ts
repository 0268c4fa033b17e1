import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNoNativeObjects } from '../../support/client.js';
import type { WebTransportPeer, WebTransportSessionPlan, WebTransportStep } from '../../support/webtransport-peers.js';
import {
  CLOSE_REASONS,
  CODES,
  closePath,
  DATAGRAM_SIZES,
  datagramsEchoed,
  echoed,
  pushed,
  SIZES,
} from './expectations.js';
import type { OwnServer } from './own-server.js';
import { untilTestEnds } from './serving.js';

const PUSHED_BYTES = 100_000;
/** 16 MiB on streams of either kind, there and back through an implementation in Python. */
const STREAMS_TIMEOUT_MS = 180_000;

/** One that does with a session what its path says. */
type AnyServer = OwnServer | WebTransportPeer;

/** A client and a server, and how what comes out of them differs from the other pairs. */
export interface ScenarioPair {
  start(): Promise<AnyServer>;
  /** Opens sessions, at once or one after the other. @returns the outcome of each, in their order */
  run(sessions: readonly WebTransportSessionPlan[]): Promise<unknown[]>;
  /** Members of the outcome of each session that is established. Default: none. */
  readonly established?: object;
  /** Members of the result of `closed` besides code and reason. Default: none. */
  readonly closed?: object;
  /** Members of the result of `pushed` besides the streams: datagrams that overtake the response may be dropped. Default: none. */
  readonly pushed?: object;
  /** The outcome of a session that is answered by 403. */
  readonly rejected: object;
  /** Sizes of unidirectional streams that the client can do. Default: {@link SIZES}. */
  readonly unidirectional?: readonly number[];
  /** Sizes of datagrams that the client can do. Default: {@link DATAGRAM_SIZES}. */
  readonly datagrams?: readonly number[];
  /** Codes of streams' ends that reach the client. Default: {@link CODES}. */
  readonly codesToClient?: readonly number[];
  /** Codes of streams' ends that the client can send. Default: {@link CODES}. */
  readonly codesToServer?: readonly number[];
  /** Codes and reasons of sessions' ends. Default: {@link CODES} with each of {@link CLOSE_REASONS}. */
  readonly closeCodes?: readonly number[];
  readonly closeReasons?: readonly { readonly kind: string; readonly reason: string }[];
}

/**
 * The tests of what every client and server do with each other. Those that look at the server's reports have one of their own;
 * the others share one, so that a peer's process starts once.
 */
export function testScenarios(pair: ScenarioPair): void {
  const { codesToClient = CODES, codesToServer = CODES, closeCodes = CODES, closeReasons = CLOSE_REASONS } = pair;
  let shared: AnyServer;
  beforeAll(async () => {
    shared = await pair.start();
  });
  afterAll(async () => {
    await shared.stop();
    await expectNoNativeObjects();
  });

  const own = (): Promise<AnyServer> => untilTestEnds(pair.start());
  const established = (...results: unknown[]): object => ({ ...pair.established, results });

  const plan = (server: AnyServer, path: string, steps: readonly WebTransportStep[]): WebTransportSessionPlan => ({
    url: server.origin + path,
    steps,
  });
  const runOne = (server: AnyServer, path: string, steps: readonly WebTransportStep[]): Promise<unknown[]> =>
    pair.run([plan(server, path, steps)]);

  test('streams of 0 B to 16 MiB come back byte-exact', { timeout: STREAMS_TIMEOUT_MS }, async () => {
    const { steps, results } = echoed(SIZES, pair.unidirectional);
    expect(await runOne(shared, '/echo', steps)).toMatchObject([established(...results)]);
  });

  test('datagrams come back', async () => {
    const { steps, results } = datagramsEchoed(pair.datagrams ?? DATAGRAM_SIZES);
    expect(await runOne(shared, '/echo', steps)).toMatchObject([established(...results)]);
  });

  if (codesToClient.length > 0) {
    test('codes of the server that ends streams arrive', async () => {
      const sessions = codesToClient.flatMap((code) =>
        ['reset', 'stop'].map((what) => plan(shared, `/${what}?code=${code}`, [{ do: 'refused' }])),
      );
      expect(await pair.run(sessions)).toMatchObject(
        codesToClient.flatMap((code) => [
          established({ stop: code, reset: code }),
          established({ stop: code, reset: null }),
        ]),
      );
    });
  }

  if (codesToServer.length > 0) {
    test('codes of the client that ends streams arrive', async () => {
      const server = await own();
      await runOne(
        server,
        '/report',
        codesToServer.map((code) => ({ do: 'refuse', code })),
      );
      for (const event of ['reset', 'stop'] as const) {
        const expected = codesToServer.map((code) => ({ event, code }));
        expect(await server.reported(event, expected.length)).toEqual(expected);
      }
    });
  }

  test.each(closeReasons)('the server closes the session with a reason: $kind', async ({ reason }) => {
    const sessions = closeCodes.map((code) => plan(shared, closePath(code, reason), [{ do: 'closed' }]));
    const closures = closeCodes.map((code) => established({ ...pair.closed, code, reason }));
    expect(await pair.run(sessions)).toMatchObject(closures);
  });

  test.each(closeReasons)('the client closes the session with a reason: $kind', async ({ reason }) => {
    const server = await own();
    await pair.run(closeCodes.map((code) => plan(server, '/report', [{ do: 'close', code, reason }])));
    const closures = (await server.reported('closed', closeCodes.length)).map(({ closure }) => closure);
    // Sessions that run at once end in any order.
    closures.sort((a, b) => (a.code ?? -1) - (b.code ?? -1));
    expect(closures).toMatchObject(closeCodes.map((code) => ({ code, reason })));
  });

  test('what the server opens at once with its answer arrives', async () => {
    const server = await own();
    const digests = pushed(PUSHED_BYTES);
    const outcome = await runOne(server, `/push?bytes=${PUSHED_BYTES}`, [{ do: 'pushed' }]);
    expect(outcome).toMatchObject([established({ ...pair.pushed, ...digests })]);
    expect(await server.reported('received')).toMatchObject([digests.bidi]);
  });

  test('a session that the server rejects', async () => {
    expect(await runOne(shared, '/reject?status=403', [])).toMatchObject([pair.rejected]);
  });
}
