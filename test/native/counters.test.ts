import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ClientHttp3Session, connect } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { type Descriptor, expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { fetchBytes, settle } from '../support/settlement.js';

const identity = await makeIdentity();
const stranger = await makeIdentity();
const ROUNDS = 20;
let server: AioquicServer;
let before: readonly Descriptor[];

beforeAll(async () => {
  server = await AioquicServer.start(identity);
});
afterAll(() => server.stop());
beforeEach(() => {
  before = listDescriptors();
});

/** Ways in which the life of a session ends. */
test.each<[string, (origin: string) => Promise<void>]>([
  [
    'closed after a request',
    async (origin) => {
      const session = connect(origin, { ca: identity.ca });
      expect((await fetchBytes(session, { ':path': '/bytes?length=100000' })).error).toBeUndefined();
      await session.close();
    },
  ],
  [
    'closed before it was connected',
    async (origin) => {
      await connect(origin, { ca: identity.ca }).close();
    },
  ],
  [
    'destroyed in the midst of a download',
    async (origin) => {
      const session = connect(origin, { ca: identity.ca });
      const stream = session.request({ ':path': '/bytes?length=1000000' });
      stream.once('data', () => session.destroy());
      expect((await settle(stream)).error).toMatchObject({ code: 'UND_ERR_DESTROYED' });
    },
  ],
  [
    'destroyed before it was connected',
    async (origin) => {
      const session = connect(origin, { ca: identity.ca });
      session.destroy();
      await session.close();
    },
  ],
  [
    'refused for its certificate',
    async (origin) => {
      const session: ClientHttp3Session = connect(origin, { ca: stranger.ca });
      expect((await fetchBytes(session)).error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      await session.close();
    },
  ],
])('no native object and no descriptor is left of sessions that were %s', async (_name, live) => {
  for (let round = 0; round < ROUNDS; round += 1) await live(server.origin);
  // A closed connection drains for three probe timeouts, to repeat a close that was lost (RFC 9000 10.2).
  await expect
    .poll(() => loadAddon().counters(), { timeout: 20_000 })
    .toMatchObject({ connections: 0, polls: 0, verifications: 0 });
  await expectNoNewDescriptors(before);
});

test('the counters count', async () => {
  const session = connect(server.origin, { ca: identity.ca });
  expect((await fetchBytes(session)).error).toBeUndefined();
  expect(loadAddon().counters()).toMatchObject({ connections: 1, polls: 1 });
  expect(loadAddon().counters().verifiers).toBeGreaterThan(0);
  await session.close();
});
