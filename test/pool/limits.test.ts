import { expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { waitUntil } from '../support/wait-until.js';
import { endWithTest } from './support/cleanup.js';
import { makeDirectory, TestPool } from './support/pools.js';
import { type SeenRequest, startServer } from './support/servers.js';

/** Answers in order, one whenever it is told. */
class Held {
  readonly #requests: SeenRequest[] = [];

  readonly answer = (request: SeenRequest): void => {
    this.#requests.push(request);
  };

  get open(): readonly string[] {
    return this.#requests.map(({ path }) => path);
  }

  release(count = 1): void {
    for (const { stream } of this.#requests.splice(0, count)) {
      stream.respond({ ':status': 200 });
      stream.end();
    }
  }
}

it('requests beyond maxConcurrentStreams wait in the pool, and go in order', async () => {
  const { ca, certificate } = await makeIdentity();
  const held = new Held();
  const server = await startServer(certificate, held.answer);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca, { maxConcurrentStreams: 2 });
  const requests = Array.from({ length: 8 }, (_, index) => pool.request(`/${index}`));
  await waitUntil('two requests', () => held.open.length === 2);
  expect(pool.pool.stats).toEqual({ connected: 1, free: 0, pending: 0, running: 2, queued: 6, size: 8 });
  // Settled while it waits: out of the count, and its place goes to the next.
  requests[2]?.transaction.abort();
  expect(pool.pool.stats.queued).toBe(5);
  for (let released = 0; released < 7; released += 1) {
    await waitUntil('a request', () => held.open.length > 0);
    held.release();
  }
  await Promise.all(requests.map(({ outcome }) => outcome));
  expect(server.seen.map(({ path }) => path)).toEqual(['/0', '/1', '/3', '/4', '/5', '/6', '/7']);
  await pool.until('drain');
  expect(pool.count('drain')).toBe(1);
  expect(pool.pool.stats).toEqual({ connected: 1, free: 1, pending: 0, running: 0, queued: 0, size: 0 });
  await pool.close();
});

it('another connection is made only when all there are have no room, up to `connections`', async () => {
  const { ca, certificate } = await makeIdentity();
  const held = new Held();
  const server = await startServer(certificate, held.answer);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca, { connections: 3, maxConcurrentStreams: 2 });
  const requests = [pool.request('/0'), pool.request('/1')];
  await waitUntil('both', () => held.open.length === 2);
  expect(server.sessions).toBe(1);
  requests.push(pool.request('/2'));
  await waitUntil('the third', () => held.open.length === 3);
  expect(server.sessions).toBe(2);
  for (let index = 3; index < 10; index += 1) requests.push(pool.request(`/${index}`));
  await waitUntil('six', () => held.open.length === 6);
  expect(pool.pool.stats).toMatchObject({ connected: 3, running: 6, queued: 4 });
  expect(server.sessions).toBe(3);
  while (server.seen.length < 10) {
    held.release();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  held.release(10);
  for (const { outcome } of requests) expect((await outcome).end).toBe('end');
  await pool.close();
  expect(server.sessions).toBe(3);
});

it('the server’s own limit of streams holds: another connection takes the rest, or they wait in order', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await AioquicServer.start({ certificate, maxStreams: 3 });
  endWithTest('server', () => server.stop());
  for (const connections of [1, 2]) {
    const from = server.requests.length;
    const pool = new TestPool(server.origin, ca, { connections });
    const requests = Array.from({ length: 12 }, (_, index) => pool.request(`/${connections}/${index}`));
    for (const { outcome } of requests) expect(await outcome).toMatchObject({ end: 'end', status: 404, sent: 1 });
    await waitUntil('the report of all requests', () => server.requests.length === from + 12);
    const paths = server.requests.slice(from).map(({ path }) => path);
    if (connections === 1) expect(paths).toEqual(requests.map((_, index) => `/1/${index}`));
    await pool.close();
  }
});

it('1,000 at once complete, each once', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await startServer(certificate);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
  const requests = Array.from({ length: 1000 }, (_, index) => pool.request(`/${index}`));
  const outcomes = await Promise.all(requests.map(({ outcome }) => outcome));
  expect(outcomes.map(({ body }) => body)).toEqual(requests.map((_, index) => `/${index}`));
  expect(server.sessions).toBe(1);
  await pool.close();
});

it('a request beyond maxQueuedRequests fails at once', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await startServer(certificate);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca, { maxQueuedRequests: 2 });
  const requests = [1, 2, 3].map(() => pool.request());
  const ends = await Promise.all(requests.map(({ outcome }) => outcome));
  expect(ends.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'ERR_HTTP3_QUEUE_FULL']);
  await pool.close();
});

it('a request with `reset` is the last of its connection', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await startServer(certificate);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
  const ends: Promise<unknown>[] = [];
  for (let round = 0; round < 5; round += 1) {
    ends.push(pool.request('/before').outcome, pool.request('/last', { reset: true }).outcome);
    ends.push(pool.request('/after').outcome);
    await ends.at(-1);
  }
  for (const end of ends) expect(await end).toMatchObject({ end: 'end', status: 200, sent: 1 });
  const lasts = server.seen.filter(({ path }) => path === '/last').map(({ session }) => session);
  expect(new Set(lasts).size).toBe(5);
  for (const session of lasts) {
    expect(server.seen.filter((seen) => seen.session === session).at(-1)?.path).toBe('/last');
  }
  await pool.close();
});

it('idle connections are closed after keepAliveTimeout, and the pool says that it has none', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await startServer(certificate);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca, { keepAliveTimeout: 30 });
  await pool.request().outcome;
  await pool.until('idle');
  expect(pool.pool.state).toBe('none');
  expect(pool.events).toEqual(['connect', 'drain', 'disconnect expected', 'idle'].sort(byOrderIn(pool.events)));
  expect((await pool.request().outcome).end).toBe('end');
  expect(server.sessions).toBe(2);
  await pool.close();
});

/** Drain and connect come in either order. */
function byOrderIn(events: readonly string[]): (a: string, b: string) => number {
  return (a, b) => events.indexOf(a) - events.indexOf(b);
}

it('beyond maxConnections the least recently used idle connection of another origin is closed; without one the request waits', async () => {
  const { ca, certificate } = await makeIdentity();
  const held = new Held();
  const servers = [
    await startServer(certificate),
    await startServer(certificate),
    await startServer(certificate, held.answer),
  ];
  const directory = makeDirectory({ maxConnections: 2 });
  const [a, b, c, d] = [0, 1, 2, 2].map(
    (index) => new TestPool(`https://127.0.0.1:${servers[index]?.port}`, ca, { directory }),
  );
  await a?.request().outcome;
  await b?.request().outcome;
  await a?.request().outcome;
  const third = c?.request('/c');
  await waitUntil('the third origin', () => held.open.length === 1);
  await b?.until('idle');
  expect(a?.pool.state).toBe('connected');
  // The idle one goes; then both are busy.
  const fourth = d?.request('/d');
  await waitUntil('the fourth', () => held.open.length === 2);
  await a?.until('idle');
  const fifth = a?.request('/waits');
  await waitUntil('to wait for room', () => directory.waitingCount === 1);
  expect(directory.size).toBe(2);
  const aborted = b?.request('/aborted');
  aborted?.transaction.abort();
  held.release();
  expect((await third?.outcome)?.end).toBe('end');
  expect((await fifth?.outcome)?.end).toBe('end');
  held.release();
  expect((await fourth?.outcome)?.end).toBe('end');
  expect(directory.size).toBeLessThanOrEqual(2);
});
