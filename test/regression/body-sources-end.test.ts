import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientHttp3Session, RequestOptions } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { findFreePort } from '../support/free-port.js';
import { fetchBytes, type Settlement } from '../support/settlement.js';
import { waitUntil } from '../support/wait-until.js';

const FILE = fileURLToPath(import.meta.url);
const POST = { ':method': 'POST' };

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

type Body = NonNullable<RequestOptions['body']>;

async function failBeforePull(body: Body): Promise<Settlement> {
  const session = openSession(`https://127.0.0.1:${await findFreePort('127.0.0.1')}`, identity);
  const settled = await fetchBytes(session, POST, { body });
  expect(settled.error).toMatchObject({ code: 'ECONNREFUSED' });
  await session.close();
  return settled;
}

/** The server resets the request, whose body never ends. */
async function failInPull(session: ClientHttp3Session, body: Body): Promise<Settlement> {
  const settled = await fetchBytes(session, { ...POST, ':path': '/reset' }, { body });
  expect(settled.error).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET' });
  return settled;
}

describe('a request that fails before its body was read', () => {
  test('closes the files', async () => {
    const before = listDescriptors();
    for (let count = 0; count < 5; count += 1) {
      const file = createReadStream(FILE);
      await failBeforePull(file);
      expect(file.destroyed).toBe(true);
    }
    await expectNoNewDescriptors(before);
  });

  test('destroys a Readable with its error, though nobody listens', async () => {
    const source = new PassThrough();
    const { error } = await failBeforePull(source);
    expect(source).toMatchObject({ destroyed: true, errored: error });
  });

  test('cancels a ReadableStream', async () => {
    let reason: unknown;
    const source = new ReadableStream({
      cancel: (given) => {
        reason = given;
      },
    });
    const { error } = await failBeforePull(source);
    expect(reason).toBe(error);
  });

  test('aborted in the turn of the request, too', async () => {
    const session = openSession(server.origin, identity);
    const source = new PassThrough();
    await fetchBytes(session, POST, { body: source, signal: AbortSignal.abort() });
    expect(source.destroyed).toBe(true);
    await session.close();
  });
});

describe('a request that fails while its body is read', () => {
  test('closes the files', async () => {
    const before = listDescriptors();
    const session = openSession(server.origin, identity);
    for (let count = 0; count < 5; count += 1) {
      const file = createReadStream('/dev/zero');
      await failInPull(session, file);
      expect(file.destroyed).toBe(true);
    }
    await session.close();
    await expectNoNewDescriptors(before);
  });

  test('destroys a Readable', async () => {
    const session = openSession(server.origin, identity);
    const source = new Readable({ read: () => undefined });
    await failInPull(session, source);
    expect(source.destroyed).toBe(true);
    await session.close();
  });

  test('cancels a ReadableStream', async () => {
    const session = openSession(server.origin, identity);
    let reason: unknown;
    const source = new ReadableStream({
      // Never resolves, as a read from a peer that says nothing.
      pull: () => new Promise(() => undefined),
      cancel: (given) => {
        reason = given;
      },
    });
    const { error } = await failInPull(session, source);
    expect(reason).toBe(error);
    await session.close();
  });

  test('lets a generator run to its finally block', async () => {
    const session = openSession(server.origin, identity);
    let proceed: () => void = () => undefined;
    let ended = false;
    async function* source(): AsyncGenerator<string> {
      try {
        await new Promise<void>((resolve) => {
          proceed = resolve;
        });
        yield 'late';
      } finally {
        ended = true;
      }
    }
    await failInPull(session, source());
    proceed();
    await waitUntil('the generator to end', () => ended);
    await session.close();
  });
});

describe('a body that fails by itself', () => {
  test('before it is read fails the request, not the process', async () => {
    const session = openSession(server.origin, identity);
    const { error } = await fetchBytes(session, POST, { body: createReadStream(`${FILE}.missing`) });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_REQUEST_BODY', cause: { code: 'ENOENT' } });
    await session.close();
  });

  test.each([
    ['a Readable', () => Readable.from([7])],
    ['a generator', () => endless()],
  ])('with a chunk that is no bytes is ended: %s', async (_what, make) => {
    const session = openSession(server.origin, identity);
    finished = false;
    const source = make();
    const { error } = await fetchBytes(session, POST, { body: source });
    expect(error).toMatchObject({ code: 'ERR_HTTP3_REQUEST_BODY', cause: { name: 'TypeError' } });
    if (source instanceof Readable) expect(source.destroyed).toBe(true);
    else await waitUntil('the generator to end', () => finished);
    await session.close();
  });

  let finished = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (;;) yield 7;
    } finally {
      finished = true;
    }
  }
});

test('a request that succeeds without the rest of its body ends the source without an error', async () => {
  const session = openSession(server.origin, identity);
  const source = new PassThrough();
  source.write('some of it');
  const settled = await fetchBytes(session, { ...POST, ':path': '/stop-sending' }, { body: source });
  expect(settled).toMatchObject({ error: undefined, bytes: 6 });
  expect(source).toMatchObject({ destroyed: true, errored: null });
  await session.close();
});
