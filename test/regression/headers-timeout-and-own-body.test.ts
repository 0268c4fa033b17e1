import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';

const HEADERS_TIMEOUT_MS = 500;
/** How long a source lets everyone wait. */
const PAUSE_MS = 1.5 * HEADERS_TIMEOUT_MS;
/** More than the server's window. */
const LARGE = Buffer.alloc(4 * 1024 * 1024);
const DIGEST = { ':method': 'POST', ':path': '/digest' };
const SLOW_READER = { ':method': 'POST', ':path': '/slow-reader' };
const OPTIONS = { headersTimeout: HEADERS_TIMEOUT_MS };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

describe('headersTimeout stands still while the request waits for its own body', () => {
  test.each([
    ['at its beginning', [PAUSE_MS, 'a body']],
    ['within it', ['a ', PAUSE_MS, 'body']],
    ['at its end', ['a body', PAUSE_MS]],
  ])('given, slow %s', async (_where, parts) => {
    const session = openSession(server.origin, identity);
    async function* source(): AsyncGenerator<string> {
      for (const part of parts) {
        if (typeof part === 'number') await sleep(part);
        else yield part;
      }
    }
    const { error, body } = await fetchBytes(session, DIGEST, { ...OPTIONS, body: source() });
    expect(error).toBeUndefined();
    expect(JSON.parse(String(body))).toMatchObject({ bytes: 6 });
    await session.close();
  });

  test('or written', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request(DIGEST, OPTIONS);
    const settled = settle(stream);
    stream.write('a ');
    await sleep(PAUSE_MS);
    stream.end('body');
    const { error, body } = await settled;
    expect(error).toBeUndefined();
    expect(JSON.parse(String(body))).toMatchObject({ bytes: 6 });
    await session.close();
  });
});

describe('headersTimeout runs while the server', () => {
  test('takes nothing of a given body', async () => {
    const session = openSession(server.origin, identity);
    const { error } = await fetchBytes(session, SLOW_READER, { ...OPTIONS, body: LARGE });
    expect(error?.code).toBe('UND_ERR_HEADERS_TIMEOUT');
    await session.close();
  });

  test('takes nothing of what is written', async () => {
    const session = openSession(server.origin, identity);
    const stream = session.request(SLOW_READER, OPTIONS);
    const settled = settle(stream);
    stream.write(LARGE);
    expect((await settled).error?.code).toBe('UND_ERR_HEADERS_TIMEOUT');
    await session.close();
  });

  test.each([{}, { body: 'a body' }])('says nothing to a whole request %j', async (options) => {
    const session = openSession(server.origin, identity);
    const headers = { ':method': 'body' in options ? 'POST' : 'GET', ':path': '/stall' };
    const { error } = await fetchBytes(session, headers, { ...OPTIONS, ...options });
    expect(error?.code).toBe('UND_ERR_HEADERS_TIMEOUT');
    await session.close();
  });
});
