import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { generateBody } from '../support/site-files.js';

const MIB = 1024 * 1024;

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

/** What the client told the server about streams. */
function heard(since: number): readonly unknown[] {
  return server.events.slice(since).filter(({ event }) => event === 'reset' || event === 'stop-sending');
}

describe('a server that answers before it has the whole request', () => {
  // H3_NO_ERROR is the code for it (RFC 9114 4.1), but a response counts whatever the code.
  it.each(['0x100', '0x102', '0x10c'])(
    'and stops it with STOP_SENDING %s: the rest is taken and thrown away',
    async (code) => {
      const session = openSession(server.origin, identity);
      const stream = session.request({ ':method': 'POST', ':path': `/stop-sending?code=${code}` });
      const settled = settle(stream);
      stream.write('the beginning');
      await once(stream, 'end');
      // The writer is not told; it writes as much as it likes.
      for (const block of generateBody(8 * MIB)) {
        if (!stream.write(block)) await once(stream, 'drain');
      }
      const { bytesWritten } = stream;
      stream.end();
      const { error, body, headers, events } = await settled;
      expect(error).toBeUndefined();
      expect(headers?.[':status']).toBe(200);
      expect(body.toString()).toBe('enough');
      expect(events).toEqual(['ready', 'response', 'data', 'end', 'close']);
      expect(bytesWritten).toBeLessThan(8 * MIB);
      expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
      await session.close();
    },
  );

  it('and stops a given body: its source is ended', async () => {
    const session = openSession(server.origin, identity);
    let produced = 0;
    let finished = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (const block of generateBody(64 * MIB)) {
          produced += block.length;
          yield block;
        }
      } finally {
        finished = true;
      }
    }
    const headers = { ':method': 'POST', ':path': '/stop-sending' };
    const settled = await fetchBytes(session, headers, { body: source() });
    expect(settled.error).toBeUndefined();
    expect(settled.body.toString()).toBe('enough');
    expect(finished).toBe(true);
    expect(produced).toBeLessThan(64 * MIB);
    await session.close();
  });

  it('and reads on gets all of a given body', async () => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    let produced = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (const block of generateBody(4 * MIB)) {
        produced += block.length;
        yield block;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    // The path / answers at once and never looks at the body.
    const settled = await fetchBytes(session, { ':method': 'POST' }, { body: source() });
    expect(settled).toMatchObject({ error: undefined, bytes: 6 });
    expect(produced).toBe(4 * MIB);
    await fetchBytes(session);
    expect(heard(since)).toEqual([]);
    await session.close();
  });

  it('and reads on gets what is written after the response has ended', async () => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    const stream = session.request({ ':method': 'POST' });
    const settled = settle(stream);
    stream.write('first');
    await once(stream, 'end');
    stream.end('last');
    expect((await settled).error).toBeUndefined();
    expect(stream.bytesWritten).toBe('firstlast'.length);
    await fetchBytes(session);
    expect(heard(since)).toEqual([]);
    await session.close();
  });
});
