import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import type { ClientHttp3Session, ClientHttp3Stream } from '../../../src/index.js';
import { createSecureServer, type Http3SecureServer, type WorkerOptions } from '../../../src/server/index.js';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { makeIdentity, openSession, type TestIdentity } from '../../support/client.js';
import { waitUntil } from '../../support/wait-until.js';
import { workerModule } from './support/pool.js';

const MIB = 1024 * 1024;

let identity: TestIdentity;
let server: Http3SecureServer;
let origin: string;

beforeEach(async () => {
  identity ??= await makeIdentity();
});
afterEach(async () => {
  if (server.listening) await once(server.destroy(), 'close');
});

async function listen(module: string, workers: Omit<WorkerOptions, 'module'> = {}): Promise<void> {
  const { keyPem, certPem } = identity.certificate;
  server = createSecureServer({
    key: keyPem,
    cert: certPem,
    workers: {
      module: workerModule(module),
      count: 2,
      policy: 'round-robin',
      execArgv: nodeArgumentsFor('worker-entry.ts'),
      ...workers,
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Answer {
  readonly status: number | undefined;
  readonly error: { readonly code: string; readonly errorCode: number } | undefined;
}

/** How a request ended. */
async function outcome(stream: ClientHttp3Stream): Promise<Answer> {
  let status: number | undefined;
  let error: Answer['error'];
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  stream.on('error', (reason) => {
    error = reason as unknown as Answer['error'];
  });
  stream.resume();
  await new Promise((resolve) => stream.once('close', resolve));
  return { status, error };
}

/** A GET for its body. */
function get(session: ClientHttp3Session, path: string): Promise<string> {
  return text(session.request({ ':path': path }));
}

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7) % 251));
}

describe('a server with workers', () => {
  test('serves a (req, res) listener', async () => {
    await listen('listener.ts');
    const session = openSession(origin, identity);
    const bodies = await Promise.all(Array.from({ length: 40 }, (_, index) => get(session, `/${index}`)));
    expect(bodies).toEqual(Array.from({ length: 40 }, (_, index) => `GET /${index} ${origin.slice(8)} 3.0`));
    expect(server.stats()?.workers?.workers.map(({ requests }) => requests)).toEqual([20, 20]);
  });

  test('64 MiB there and back are the same bytes', async () => {
    await listen('routes.ts');
    const session = openSession(origin, identity);
    const body = pattern(64 * MIB);
    const stream = session.request({ ':method': 'POST', ':path': '/echo' });
    stream.end(body);
    expect((await buffer(stream)).equals(body)).toBe(true);
  });

  test('a handler that does not read stops the client, and no other request', async () => {
    await listen('routes.ts', { count: 1, window: 256 * 1024 });
    const session = openSession(origin, identity);
    const stalled = session.request({ ':method': 'POST', ':path': '/hold' });
    const ended = outcome(stalled);
    stalled.write(Buffer.alloc(64 * MIB));
    await waitUntil('a full window', () => {
      return (server.stats()?.workers?.workers[0]?.requestBytesInFlight ?? 0) >= 256 * 1024;
    });
    const body = pattern(8 * MIB);
    const other = session.request({ ':method': 'POST', ':path': '/echo' });
    other.end(body);
    expect((await buffer(other)).equals(body)).toBe(true);
    expect(server.stats()?.workers?.workers[0]?.requestBytesInFlight).toBeLessThan((256 + 64) * 1024);
    // The windows of the worker and of the QUIC stream (1 MiB), and the buffers between them.
    expect(stalled.bytesWritten).toBeLessThan(2 * MIB);
    stalled.close(H3_ERROR.H3_REQUEST_CANCELLED);
    await ended;
  });

  test('a client that does not read stops the handler, and no other request', async () => {
    await listen('routes.ts', { count: 1, window: 256 * 1024 });
    const session = openSession(origin, identity);
    const stalled = session.request({ ':path': `/send?bytes=${64 * MIB}` });
    await once(stalled, 'response');
    await waitUntil('a full window', () => {
      return (server.stats()?.workers?.workers[0]?.responseBytesInFlight ?? 0) >= 192 * 1024;
    });
    expect(await get(session, '/thread')).not.toBe('');
    expect(server.stats()?.workers?.workers[0]?.responseBytesInFlight).toBeLessThanOrEqual(256 * 1024);
    expect((await buffer(stalled)).length).toBe(64 * MIB);
  });

  test('trailers and interim responses', async () => {
    await listen('routes.ts');
    const session = openSession(origin, identity);
    const stream = session.request({ ':method': 'POST', ':path': '/trailers' });
    stream.end('x');
    const trailers = once(stream, 'trailers');
    expect(await text(stream)).toBe('body');
    expect((await trailers)[0]).toEqual({ 'x-received': '' });
    const hinted = session.request({ ':path': '/early-hints' });
    const hints = once(hinted, 'headers');
    expect(await outcome(hinted)).toEqual({ status: 204, error: undefined });
    expect((await hints)[0]).toEqual({ ':status': 103, link: '</a.css>' });
  });

  test('sticky: the requests of a connection stay with its worker', async () => {
    await listen('routes.ts', { policy: 'sticky' });
    const threads = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const session = openSession(origin, identity);
        return new Set(await Promise.all(Array.from({ length: 8 }, () => get(session, '/thread'))));
      }),
    );
    expect(threads.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set(threads.flatMap((set) => [...set])).size).toBe(2);
  });

  test('a worker knows the session', async () => {
    await listen('routes.ts');
    const session = openSession(origin, identity);
    const [id, address, , fd, cipher, socket] = (await get(session, '/session')).split(',');
    const [connection] = [...server.connections];
    expect([id, address, fd, socket]).toEqual([String(connection?.sessionId), '127.0.0.1', String(connection?.fd), '']);
    expect(cipher).toBe(connection?.tls?.cipher);
  });

  test('a client that cancels: the handler hears of it', async () => {
    await listen('routes.ts', { count: 1 });
    const session = openSession(origin, identity);
    const held = session.request({ ':path': '/hold', 'x-respond': 'yes' });
    await once(held, 'response');
    held.close(H3_ERROR.H3_REQUEST_CANCELLED);
    let log = '';
    while (!log.includes('close')) log = await get(session, '/log');
    expect(log).toBe(`aborted,close ${H3_ERROR.H3_REQUEST_CANCELLED}`);
  });
});

test('a worker dies with 50 requests open: each settles, all others succeed, and a new worker serves', async () => {
  await listen('routes.ts');
  const errors: Error[] = [];
  server.on('workerError', (error: Error) => errors.push(error));
  const session = openSession(origin, identity);
  // Round robin: those of even number go to the first worker.
  const unanswered = Array.from({ length: 50 }, () => outcome(session.request({ ':path': '/hold' })));
  const begun = Array.from({ length: 40 }, () => session.request({ ':path': '/hold', 'x-respond': 'yes' }));
  const ends = begun.map(outcome);
  await Promise.all(begun.map((stream) => once(stream, 'response')));
  expect(server.stats()?.workers?.openRequests).toBe(90);
  expect(await outcome(session.request({ ':path': '/throw' }))).toEqual({ status: 502, error: undefined });

  const ofFirst = (_: unknown, index: number): boolean => index % 2 === 0;
  expect(await Promise.all(unanswered.filter(ofFirst))).toEqual(Array(25).fill({ status: 502, error: undefined }));
  const resets = await Promise.all(ends.filter(ofFirst));
  expect(resets.map(({ error }) => error?.errorCode)).toEqual(Array(20).fill(H3_ERROR.H3_INTERNAL_ERROR));
  expect(server.stats()?.workers).toMatchObject({ openRequests: 45, deaths: 1, refused: 0 });
  expect(errors.map(({ message }) => message)).toEqual(['A worker failed: thrown by the handler']);

  await waitUntil('the replacement', () => server.stats()?.workers?.workers.every(({ state }) => state === 'ready'));
  expect(new Set(await Promise.all(Array.from({ length: 4 }, () => get(session, '/thread')))).size).toBe(2);
});

test('a module that cannot be loaded: the server reports it and does not listen', async () => {
  const { keyPem, certPem } = identity.certificate;
  const execArgv = nodeArgumentsFor('worker-entry.ts');
  server = createSecureServer({ key: keyPem, cert: certPem, workers: { module: workerModule('throws.ts'), execArgv } });
  server.listen(0, '127.0.0.1');
  const [error] = (await once(server, 'error')) as [Error];
  expect(error.message).toBe('A worker, before it was ready, failed: thrown at import');
  expect(server.listening).toBe(false);
});

test('close: requests that were accepted are answered', async () => {
  await listen('slow.ts');
  const session = openSession(origin, identity);
  const ends = Array.from({ length: 20 }, () => outcome(session.request({ ':path': '/' })));
  await waitUntil('the requests', () => server.stats()?.workers?.openRequests === 20);
  const closed = once(server, 'close');
  server.close();
  expect(await Promise.all(ends)).toEqual(Array(20).fill({ status: 200, error: undefined }));
  await closed;
});
