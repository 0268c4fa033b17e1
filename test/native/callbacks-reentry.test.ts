import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientHttp3Session, ClientHttp3Stream } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes, type Settlement, settle } from '../support/settlement.js';

const identity = await makeIdentity();
let server: AioquicServer;
beforeAll(async () => {
  server = await AioquicServer.start(identity);
});
afterAll(() => server.stop());

/** Events of a stream that come from inside neqo's turns, and a path whose response raises them. */
const EVENTS = [
  ['ready', '/bytes?length=100000'],
  ['headers', '/interim?count=3'],
  ['response', '/bytes?length=100000'],
  ['data', '/bytes?length=100000'],
  ['trailers', '/trailers'],
  ['end', '/bytes?length=100000'],
] as const;

interface Scene {
  readonly session: ClientHttp3Session;
  readonly stream: ClientHttp3Stream;
  /** Another request under way. */
  readonly other: ClientHttp3Stream;
  /** Settlements to be waited for. */
  readonly more: Promise<unknown>[];
}

/** What a user may do in a callback. */
const ACTIONS: Readonly<Record<string, (scene: Scene) => void>> = {
  'sends another request': ({ session, more }) => {
    more.push(fetchBytes(session, { ':path': '/bytes?length=1000' }));
  },
  'sends a request with a body': ({ session, more }) => {
    more.push(fetchBytes(session, { ':method': 'POST', ':path': '/echo' }, { body: 'x'.repeat(10_000) }));
  },
  'closes the stream': ({ stream }) => stream.close(),
  'destroys the stream with an error': ({ stream }) => void stream.destroy(new Error('enough')),
  'closes another stream': ({ other }) => other.close(),
  'pauses, and resumes at once': ({ stream }) => {
    stream.pause();
    stream.resume();
  },
  'pauses both, and resumes them later': ({ stream, other, more }) => {
    stream.pause();
    other.pause();
    more.push(
      nextTurn().then(() => {
        stream.resume();
        other.resume();
      }),
    );
  },
  'changes priorities': ({ stream, other }) => {
    stream.priority({ urgency: 0 });
    other.priority({ urgency: 7, incremental: true });
  },
  'asks for statistics and a key update': ({ session, more }) => {
    more.push(session.stats(), session.updateKeys());
  },
  'closes the session': ({ session, more }) => {
    more.push(session.close());
  },
  'destroys the session': ({ session, more }) => {
    session.destroy();
    more.push(session.close());
  },
};
const ENDS_SESSION = ['closes the session', 'destroys the session'];

function expectSettled({ error }: Settlement, ended: boolean): void {
  if (error === undefined) return;
  // The errors that the actions themselves cause. A re-entry would show as ERR_NEQO_REENTRY or as a lost connection.
  const expected = ended ? ['UND_ERR_DESTROYED', 'UND_ERR_CLOSED'] : [undefined, 'UND_ERR_ABORTED'];
  expect(expected).toContain(error.code);
}

describe.each(EVENTS)("in the callback of a stream's %s", (event, path) => {
  test.each(Object.entries(ACTIONS))('the user %s', async (name, act) => {
    const session = openSession(server.origin, identity);
    let disconnected: unknown;
    session.on('disconnect', (reason) => {
      disconnected = reason;
    });
    const other = session.request({ ':path': '/bytes?length=200000' });
    const stream = session.request({ ':path': path });
    const more: Promise<unknown>[] = [];
    let acted = 0;
    // Once: a callback that acts anew at each data event would never end.
    stream.once(event, () => {
      acted += 1;
      act({ session, stream, other, more });
    });
    const settlements = await Promise.all([settle(stream), settle(other)]);
    await Promise.all(more);
    expect(acted).toBe(1);
    const ended = ENDS_SESSION.includes(name);
    for (const settlement of settlements) expectSettled(settlement, ended);
    if (ended) return;
    expect(disconnected).toBeUndefined();
    // The connection is in order: it still carries requests.
    expect(await fetchBytes(session, { ':path': '/bytes?length=5000' })).toMatchObject({
      bytes: 5000,
      error: undefined,
    });
  });
});

test.each(['connect', 'goaway', 'disconnect'] as const)(
  "in the callback of a session's %s the user sends a request",
  async (event) => {
    const session = openSession(server.origin, identity);
    const inCallback = new Promise<Settlement>((resolve, reject) => {
      session.once(event, () => {
        fetchBytes(session, { ':path': '/bytes?length=1000' }).then(resolve, reject);
      });
    });
    expect((await fetchBytes(session)).error).toBeUndefined();
    if (event === 'goaway') await server.goaway();
    if (event === 'disconnect') await server.close(0x100);
    expect(await inCallback).toMatchObject({ bytes: 1000, error: undefined });
  },
);

test("in the token store's put the user sends a request", async () => {
  let inCallback: Promise<Settlement> | undefined;
  const put = (): void => {
    inCallback ??= fetchBytes(session, { ':path': '/bytes?length=1000' });
  };
  const session = openSession(server.origin, identity, { tokenStore: { take: () => undefined, put } });
  // neqo gives a ticket out when it has waited for a NEW_TOKEN frame, and something has to drive it then.
  while (inCallback === undefined) expect((await fetchBytes(session)).error).toBeUndefined();
  expect(await inCallback).toMatchObject({ bytes: 1000, error: undefined });
});
