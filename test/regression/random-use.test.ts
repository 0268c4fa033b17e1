import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type LookupFunction, MemoryTokenStore } from '../../src/index.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { expectNoNativeObjects, makeIdentity, type TestIdentity } from '../support/client.js';
import { createRandom } from '../support/random.js';
import { RandomUser } from './random-user.js';

const SESSIONS = 30;
const SEEDS = [1, 2, 3];
/** What the requests' errors may be: their users end them, and nothing else does. */
const EXPECTED_CODES = ['UND_ERR_ABORTED', 'UND_ERR_DESTROYED', 'ERR_HTTP3_QUEUE_FULL'];

let identity: TestIdentity;
let caddy: Caddy;

beforeAll(async () => {
  identity = await makeIdentity();
  caddy = await startCaddy({
    ...identity,
    files: { '1k': 1024, '4m': 4 * 1024 * 1024 },
    routes: [{ path: '/ok', respond: { body: 'ok' } }],
  });
});

afterAll(() => caddy?.stop());

/** The server's address, behind none, one that is closed, or one that is of no family here. */
const ADDRESSES = [['127.0.0.1'], ['127.0.0.9', '127.0.0.1'], ['::1', '127.0.0.1']];

/** Uses sessions one after another. Returns how many requests were made. */
async function useSessions(seed: number, sessions: number): Promise<number> {
  const random = createRandom(seed);
  const tokenStore = new MemoryTokenStore();
  let started = 0;
  for (let count = 0; count < sessions; count += 1) {
    const addresses = ADDRESSES[Math.floor(random() * ADDRESSES.length)] ?? [];
    const lookup: LookupFunction = (_host, _options, callback) => {
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      setTimeout(() => callback(null, found), random() * 10);
    };
    const session = connect(`https://localhost:${caddy.port}`, {
      ca: identity.ca,
      lookup,
      tokenStore,
      attemptDelay: Math.floor(random() * 20),
      keepAliveTimeout: Math.floor(random() * 2) * 20,
      maxQueuedRequests: 300,
    });
    const user = new RandomUser(session, ['/ok', '/1k', '/4m', '/none'], random);
    await user.run();
    expect(user.closed).toBe(user.started);
    for (const code of user.errors.keys()) expect(EXPECTED_CODES).toContain(code);
    expect(session).toMatchObject({ closed: true, pendingRequests: 0, runningRequests: 0 });
    started += user.started;
  }
  return started;
}

test('whatever a user does, each request closes once, each session closes, and nothing native is left', async () => {
  const started = await Promise.all(SEEDS.map((seed) => useSessions(seed, SESSIONS / SEEDS.length)));
  expect(Math.min(...started)).toBeGreaterThan(0);
  await expectNoNativeObjects();
}, 60_000);
