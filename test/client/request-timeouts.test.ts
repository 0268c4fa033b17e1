import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: 2 });
});

afterAll(() => server?.stop());

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('headersTimeout', () => {
  it('fails a request without response headers, and the server hears of it', async () => {
    const session = openSession(server.origin, identity);
    const since = server.events.length;
    const { error, events } = await fetchBytes(session, { ':path': '/stall' }, { headersTimeout: 100 });
    expect(error).toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT', safeToRetry: false });
    expect(events).toEqual(['ready', 'error', 'close']);
    const heard = await waitUntil('STOP_SENDING', () =>
      server.events.slice(since).find(({ event }) => event === 'stop-sending'),
    );
    expect(heard).toMatchObject({ code: 0x10c });
    expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });

  it('of the session holds for requests that have none of their own', async () => {
    const session = openSession(server.origin, identity, { headersTimeout: 100 });
    expect((await fetchBytes(session, { ':path': '/stall' })).error?.code).toBe('UND_ERR_HEADERS_TIMEOUT');
    const slow = { ':path': '/reset?delay=400&code=0x102' };
    expect((await fetchBytes(session, slow, { headersTimeout: 0 })).error?.code).toBe('ERR_HTTP3_STREAM_RESET');
    await session.close();
  });

  it('does not run while a request waits for a stream', async () => {
    const session = openSession(server.origin, identity);
    const running = [1, 2].map(() => fetchBytes(session, { ':path': '/slow-writer?count=6&interval=100' }));
    const waiting = await fetchBytes(session, {}, { headersTimeout: 200 });
    expect(waiting).toMatchObject({ error: undefined, bytes: 6 });
    await Promise.all(running);
    await session.close();
  });

  it('does not run while the request body is waited for', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request({ ':method': 'POST', ':path': '/digest' }, { headersTimeout: 200 });
    const settled = settle(stream);
    stream.write('first');
    await pause(600);
    stream.end('last');
    expect(await settled).toMatchObject({ error: undefined });
    await session.close();
  });

  it('does not run once the headers are there', async () => {
    const session = openSession(server.origin, identity);
    const options = { headersTimeout: 150 };
    const settled = await fetchBytes(session, { ':path': '/slow-writer?count=6&interval=100' }, options);
    expect(settled).toMatchObject({ error: undefined, bytes: 6 });
    await session.close();
  });
});

describe('bodyTimeout', () => {
  it('fails a response whose body stops', async () => {
    const session = openSession(server.origin, identity);
    const { error, bytes, events } = await fetchBytes(session, { ':path': '/stall?after=1000' }, { bodyTimeout: 100 });
    expect(error).toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT', safeToRetry: false });
    expect(bytes).toBe(1000);
    expect(events).toEqual(['ready', 'response', 'data', 'error', 'close']);
    await session.close();
  });

  it('begins anew with every byte', async () => {
    const session = openSession(server.origin, identity);
    const path = '/slow-writer?count=8&length=1&interval=100';
    const settled = await fetchBytes(session, { ':path': path }, { bodyTimeout: 400 });
    expect(settled).toMatchObject({ error: undefined, bytes: 8 });
    await session.close();
  });

  it('stands still while the reader is paused, and runs again when it goes on', async () => {
    const session = openSession(server.origin, identity);
    const after = 600_000;
    const stream = session.request({ ':path': `/stall?after=${after}` }, { bodyTimeout: 200 });
    const settled = settle(stream, false);
    let bytes = 0;
    stream.on('data', (chunk) => {
      bytes += chunk.length;
    });
    await once(stream, 'data');
    stream.pause();
    // Full up to the stream's own buffer, so that it is the reader who is waited for.
    await pause(1_000);
    expect(stream.destroyed).toBe(false);
    stream.resume();
    expect((await settled).error).toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' });
    expect(bytes).toBe(after);
    await session.close();
  });
});
