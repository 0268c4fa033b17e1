import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { makeIdentity } from '../support/client.js';
import { waitUntil } from '../support/wait-until.js';
import { TestPool, type TestRequest } from './support/pools.js';
import { type SeenRequest, startServer } from './support/servers.js';

const IN_FLIGHT = 200;
const ROUNDS = 20;
const BODY = Buffer.alloc(20_000, 'x');

/** Answers with the number of body bytes, a few turns after the last of them. */
function answerSlowly({ stream }: SeenRequest): void {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on('end', () => {
    setTimeout(() => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200 });
      stream.end(String(bytes));
    }, 5);
  });
}

function counts(seen: readonly SeenRequest[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { path } of seen) found.set(path, (found.get(path) ?? 0) + 1);
  return found;
}

it.each([
  { connections: 1, maxConcurrentStreams: 100 },
  { connections: 1, maxConcurrentStreams: 250 },
  { connections: 3, maxConcurrentStreams: 50 },
])(
  'every request completes exactly once, GOAWAY after GOAWAY ($connections connections, $maxConcurrentStreams streams)',
  async (options) => {
    const { ca, certificate } = await makeIdentity();
    const server = await startServer(certificate, answerSlowly);
    const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca, options);
    const requests: TestRequest[] = [];
    const expected: string[] = [];
    let live = 0;
    const send = (): void => {
      const id = requests.length;
      const post = id % 3 === 1;
      const init = post ? { headers: { ':method': 'POST' }, body: BODY } : {};
      const request = pool.request(`/${id}`, init);
      requests.push(request);
      expected.push(post ? String(BODY.length) : '0');
      live += 1;
      void request.outcome.then(() => {
        live -= 1;
      });
    };
    for (let round = 1; round <= ROUNDS; round += 1) {
      while (live < IN_FLIGHT) send();
      // In mid-load: some of this round are answered, the others are not.
      await waitUntil('some answers', () => live < IN_FLIGHT * 0.8);
      while (live < IN_FLIGHT) send();
      await waitUntil('a session to end', () => server.goaway() > 0);
      await pool.until('goaway', round);
    }
    const outcomes = await Promise.all(requests.map(({ outcome }) => outcome));
    for (const [id, { end, status, body, error }] of outcomes.entries()) {
      expect({ id, end, status, body, error }).toEqual({
        id,
        end: 'end',
        status: 200,
        body: expected[id],
        error: undefined,
      });
    }
    const seen = counts(server.seen);
    expect(seen.size).toBe(requests.length);
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(pool.events.filter((event) => event === 'goaway').length).toBeGreaterThanOrEqual(ROUNDS);
    expect(pool.pool.stats).toMatchObject({ running: 0, queued: 0, pending: 0, size: 0 });
    await pool.close();
  },
);

it('streams as bodies are given once: what was begun completes, or fails and says whether it is safe to retry', async () => {
  const { ca, certificate } = await makeIdentity();
  const server = await startServer(certificate, answerSlowly);
  const pool = new TestPool(`https://127.0.0.1:${server.port}`, ca);
  const pulled = new Map<string, number>();
  async function* chunks(path: string): AsyncGenerator<Buffer> {
    pulled.set(path, (pulled.get(path) ?? 0) + 1);
    for (let count = 0; count < 4; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      yield BODY;
    }
  }
  const requests = new Map<string, TestRequest>();
  for (let round = 1; round <= 10; round += 1) {
    for (let count = 0; count < IN_FLIGHT; count += 1) {
      const path = `/${round}/${count}`;
      const body = count % 2 === 0 ? Readable.from(chunks(path)) : chunks(path);
      requests.set(path, pool.request(path, { headers: { ':method': 'POST' }, body }));
    }
    await waitUntil('a session to end', () => server.goaway() > 0);
    await pool.until('goaway', round);
  }
  const seen = counts(server.seen);
  let completed = 0;
  for (const [path, { outcome }] of requests) {
    const { end, body, error } = await outcome;
    expect(pulled.get(path) ?? 0).toBeLessThanOrEqual(1);
    if (end === 'end') {
      completed += 1;
      expect(body).toBe(String(4 * BODY.length));
      expect(counts(server.seen).get(path)).toBe(1);
    } else {
      // Its stream was begun, and the server did not see it.
      expect({ path, safeToRetry: error?.safeToRetry, seen: seen.get(path) }).toEqual({
        path,
        safeToRetry: true,
        seen: undefined,
      });
    }
  }
  expect(completed).toBeGreaterThan(requests.size / 2);
  await pool.close();
});
