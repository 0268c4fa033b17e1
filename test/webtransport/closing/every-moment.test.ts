import { describe, expect, it, onTestFinished } from 'vitest';
import { testIdentity } from '../../server/support/served.js';
import { ChildModule } from '../../support/child-module.js';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import type { ClosingClientFunctions } from './client-child.js';
import { type End, surprises } from './expected-outcomes.js';
import type { Outcomes } from './ledger.js';
import { EARLY_MOMENTS, MOMENTS } from './moments.js';
import type { ClosingServerFunctions } from './server-child.js';

const SEED = 3;
/** Milliseconds. */
const IDLE_TIMEOUT = 1000;
const HERE = { closeCode: 7, reason: 'so long' };
const THERE = { closeCode: 9, reason: 'farewell' };

/** What both children can do. */
type Leaving = Pick<ClosingClientFunctions, 'failures' | 'leave'>;

interface Ends {
  readonly client: ChildModule<ClosingClientFunctions>;
  readonly server: ChildModule<ClosingServerFunctions>;
  readonly proxy: ImpairmentProxy;
}

interface Cause {
  readonly name: string;
  bringAbout(ends: Ends): Promise<unknown>;
  /** Of sessions that were ready. */
  readonly client: End;
  /** Undefined: nobody is left to see it. */
  readonly server: End | undefined;
}

const closeClient = ({ client }: Ends) => client.call('close', HERE.closeCode, HERE.reason);
const closeSessions = ({ server }: Ends) => server.call('closeSessions', THERE.closeCode, THERE.reason);
const FAILED: End = { kind: 'failed' };

const CAUSES: readonly Cause[] = [
  {
    name: 'the client closes',
    bringAbout: closeClient,
    client: { kind: 'closed here', ...HERE },
    server: { kind: 'closed there', ...HERE },
  },
  {
    name: 'the server closes',
    bringAbout: closeSessions,
    client: { kind: 'closed there', ...THERE },
    server: { kind: 'closed here', ...THERE },
  },
  {
    name: 'the server destroys the connections',
    bringAbout: ({ server }) => server.call('destroyConnections'),
    client: FAILED,
    server: FAILED,
  },
  {
    name: 'the server resets the CONNECT streams',
    bringAbout: ({ server }) => server.call('resetSessions'),
    client: FAILED,
    server: FAILED,
  },
  {
    name: 'the server is destroyed',
    bringAbout: ({ server }) => server.call('destroyServer'),
    client: FAILED,
    server: FAILED,
  },
  {
    name: 'the server process is killed',
    bringAbout: async ({ server }) => process.kill(server.pid as number, 'SIGKILL'),
    client: FAILED,
    server: undefined,
  },
  {
    name: 'the path is lost',
    bringAbout: ({ proxy }) => proxy.blackhole(true),
    client: FAILED,
    server: FAILED,
  },
];

async function start(): Promise<Ends> {
  const identity = await testIdentity();
  const { keyPem: key, certPem: cert } = identity.certificate;
  const options = { key, cert, webTransport: true, idleTimeout: IDLE_TIMEOUT };
  const server = await ChildModule.start<ClosingServerFunctions>(
    new URL('./server-child.ts', import.meta.url),
    options,
  );
  onTestFinished(() => server.stop());
  const target = { host: '127.0.0.1', port: await server.call('port') };
  const proxy = await ImpairmentProxy.start({ target, seed: SEED });
  onTestFinished(() => proxy.close());
  const init = { origin: `https://127.0.0.1:${proxy.port}`, ca: identity.ca, idleTimeout: IDLE_TIMEOUT };
  const client = await ChildModule.start<ClosingClientFunctions>(new URL('./client-child.ts', import.meta.url), init);
  onTestFinished(() => client.stop());
  await client.call('stage');
  await expect.poll(() => server.call('staged'), { timeout: 10_000 }).toBe(true);
  await Promise.all([server.call('last'), client.call('last')]);
  return { client, server, proxy };
}

function allSurprises(outcomes: Record<string, Outcomes>, moments: readonly string[], end: End): string[] {
  return moments.flatMap((moment) => surprises(outcomes[moment] ?? {}, end).map((line) => `${moment}: ${line}`));
}

/** Nothing is left, and so the process ends. */
async function leaves(child: ChildModule<Leaving>): Promise<void> {
  expect(await child.call('failures')).toEqual([]);
  await child.call('leave');
  expect(await child.exited).toEqual({ exitCode: 0, signal: null });
}

async function expectEnds({ client, server }: Ends, ends: Pick<Cause, 'client' | 'server'>): Promise<void> {
  const seen = await client.call('outcomes');
  expect(Object.keys(seen)).toEqual([...MOMENTS, ...EARLY_MOMENTS]);
  expect(allSurprises(seen, MOMENTS, ends.client)).toEqual([]);
  expect(allSurprises(seen, EARLY_MOMENTS, { kind: 'failed before it was ready' })).toEqual([]);
  if (ends.server !== undefined) {
    const seenThere = await server.call('outcomes');
    expect(Object.keys(seenThere).sort()).toEqual([...MOMENTS].sort());
    expect(allSurprises(seenThere, MOMENTS, ends.server)).toEqual([]);
    await leaves(server);
  }
  await leaves(client);
}

describe('every promise of every session settles, and nothing is left, when', () => {
  it.each(CAUSES)('$name', { timeout: 60_000 }, async ({ bringAbout, client, server }) => {
    const ends = await start();
    await bringAbout(ends);
    // What the server has not answered is the client's to end.
    await ends.client.call('abandonEarly');
    await expectEnds(ends, { client, server });
  });

  it('both ends close at once, each with its own code', { timeout: 60_000 }, async () => {
    const ends = await start();
    await Promise.all([closeClient(ends), closeSessions(ends)]);
    const seen = await ends.client.call('outcomes');
    const seenThere = await ends.server.call('outcomes');
    for (const moment of MOMENTS) {
      // Who learns of the other's close before its own has that one.
      expect([HERE, THERE].map((info) => `fulfilled ${JSON.stringify(info)}`)).toContain(seen[moment]?.closed);
      const others = { kind: 'closed there', ...THERE } as const;
      const own = { kind: 'closed here', ...HERE } as const;
      const isOwn = seen[moment]?.closed === `fulfilled ${JSON.stringify(HERE)}`;
      expect(allSurprises(seen, [moment], isOwn ? own : others)).toEqual([]);
      const isOwnThere = seenThere[moment]?.closed === `fulfilled ${JSON.stringify(THERE)}`;
      const there: End = isOwnThere ? { kind: 'closed here', ...THERE } : { kind: 'closed there', ...HERE };
      expect(allSurprises(seenThere, [moment], there)).toEqual([]);
    }
    await leaves(ends.client);
    await leaves(ends.server);
  });

  it('the server shuts down, says so, and the client closes', { timeout: 60_000 }, async () => {
    const ends = await start();
    await ends.server.call('closeServer');
    await ends.client.call('drained');
    await closeClient(ends);
    await expectEnds(ends, { client: { kind: 'closed here', ...HERE }, server: { kind: 'closed there', ...HERE } });
  });
});
