import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientHttp3Stream } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

test.each<[string, (stream: ClientHttp3Stream) => void, number]>([
  ['destroy()', (stream) => stream.destroy(), 0x10c],
  ['close(0x110)', (stream) => stream.close(0x110), 0x110],
])('an upload that %s ends after the response is reset with its own code', async (_call, end, code) => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  const stream = session.request({ ':method': 'POST' });
  const settled = settle(stream);
  stream.write('some of it');
  await once(stream, 'end');
  expect(stream.rstCode).toBeUndefined();
  end(stream);
  expect((await settled).error).toBeUndefined();
  expect(stream.rstCode).toBe(code);
  const reset = await waitUntil('RESET_STREAM', () =>
    server.events.slice(since).find(({ event }) => event === 'reset'),
  );
  expect(reset).toMatchObject({ stream: stream.id, code });
  await session.close();
});
