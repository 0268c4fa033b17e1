import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

const CODES: readonly (readonly [code: number, name: string])[] = [
  [0x100, 'H3_NO_ERROR'],
  [0x102, 'H3_INTERNAL_ERROR'],
  [0x10c, 'H3_REQUEST_CANCELLED'],
  [0x10d, 'H3_REQUEST_INCOMPLETE'],
  [0x10f, 'H3_CONNECT_ERROR'],
  [0x123456789a, '0x123456789a'],
];

describe.each(CODES)('a stream reset with %i', (code, name) => {
  const expected = {
    code: 'ERR_HTTP3_STREAM_RESET',
    errorCode: code,
    errorName: name,
    local: false,
    safeToRetry: false,
  };

  it('before the headers fails the request once with the code', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':path': `/reset?code=${code}` });
    const { error, events } = await settle(stream);
    expect(error).toMatchObject(expected);
    expect(events).toEqual(['ready', 'error', 'close']);
    expect(stream.rstCode).toBe(code);
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });

  it('in the middle of the body delivers what came before', async () => {
    const session = openSession(server.origin, identity);
    const settled = await fetchBytes(session, { ':path': `/reset?after=1000&delay=100&code=${code}` });
    expect(settled.error).toMatchObject(expected);
    expect(settled).toMatchObject({ bytes: 1000, events: ['ready', 'response', 'data', 'error', 'close'] });
    await session.close();
  });

  it('in the middle of an upload ends the upload', async () => {
    const session = openSession(server.origin, identity);
    let finished = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        finished = true;
      }
    }
    const since = server.events.length;
    const headers = { ':method': 'POST', ':path': `/reset?code=${code}&delay=100` };
    const { error, events } = await fetchBytes(session, headers, { body: endless() });
    expect(error).toMatchObject(expected);
    expect(events).toEqual(['ready', 'error', 'close']);
    expect(finished).toBe(true);
    await waitUntil('RESET_STREAM', () =>
      server.events.slice(since).some((event) => event.event === 'reset' && event.code === 0x10c),
    );
    await session.close();
  });
});
