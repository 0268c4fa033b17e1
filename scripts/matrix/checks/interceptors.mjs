/** undici's interceptors over an Http3Agent. */
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { NAMED_HOST } from '../server-names.mjs';
import { ENCODED_TEXT, pattern } from '../server-routes.mjs';
import { assertHttp3, echoOf, rejection } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Check} Check */
/** @typedef {import('undici').Dispatcher} Dispatcher */

const RETRY = { minTimeout: 1, maxTimeout: 10, timeoutFactor: 1, maxRetries: 3 };

/**
 * A dispatcher that tries again must get a whole answer: after a status, after a connection lost before the answer, and within it.
 *
 * @param {Context} context
 * @param {(agent: Dispatcher) => Dispatcher} retrying
 */
export async function retries(context, retrying) {
  const { undici, origin } = context;
  const agent = context.agent();
  const dispatcher = retrying(agent);
  const flaky = await undici.request(origin + context.counted('/flaky', { failures: 2 }), { dispatcher });
  assertHttp3(flaky.headers, 3);
  assert.deepEqual([flaky.statusCode, await flaky.body.text()], [200, 'attempt 3']);
  const lost = await undici.request(origin + context.counted('/lost'), { dispatcher });
  assertHttp3(lost.headers, 2);
  assert.equal(await lost.body.text(), 'attempt 2');

  const path = context.counted('/dropped');
  const id = new URLSearchParams(path.slice(path.indexOf('?'))).get('id') ?? '';
  const dropped = await undici.request(origin + path, { dispatcher });
  assertHttp3(dropped.headers, 1);
  const chunks = [];
  for await (const chunk of dropped.body) {
    // What came is known to be a part when the server drops the connection.
    if (chunks.push(chunk) === 1) {
      const drop = undici.request(`${origin}/drop?${new URLSearchParams({ of: id })}`, { dispatcher: agent });
      void drop.then(({ body }) => body.dump()).catch(() => undefined);
    }
  }
  assert.ok(pattern(60_000).equals(Buffer.concat(chunks)), 'the parts do not make the whole');
  const after = await undici.request(origin + path, { dispatcher: agent });
  assertHttp3(after.headers, 3);
  await after.body.dump();
}

/** @param {Context} context */
async function redirects(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent().compose(undici.interceptors.redirect({ maxRedirections: 3 }));
  const seen = await undici.request(`${origin}/redirect?status=303`, { dispatcher, method: 'POST', body: 'lost' });
  assertHttp3(seen.headers);
  const get = await echoOf(seen.body);
  assert.deepEqual([get.method, get.bytes], ['GET', 0]);
  for (const status of [307, 308]) {
    const options = { dispatcher, method: 'POST', body: 'kept' };
    const kept = await undici.request(`${origin}/redirect?status=${status}`, options);
    assertHttp3(kept.headers);
    const post = await echoOf(kept.body);
    assert.deepEqual([post.method, post.text], ['POST', 'kept']);
  }
  const to = encodeURIComponent(`https://127.0.0.1:${context.port}/echo`);
  const elsewhere = await undici.request(`${origin}/redirect?status=302&to=${to}`, { dispatcher });
  assertHttp3(elsewhere.headers);
  const other = await echoOf(elsewhere.body);
  assert.equal(other.authority, `127.0.0.1:${context.port}`);
}

/** @param {Context} context */
async function decompresses(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent().compose(undici.interceptors.decompress());
  const codings = ['gzip', 'br', 'deflate', ...('createZstdDecompress' in zlib ? ['zstd'] : [])];
  for (const coding of codings) {
    const { headers, body } = await undici.request(`${origin}/encoded?coding=${coding}`, { dispatcher });
    assertHttp3(headers);
    assert.deepEqual([headers['content-encoding'], await body.text()], [undefined, ENCODED_TEXT], coding);
  }
}

/** The named host's certificate is shown only to who names it: the interceptor puts an address into the origin. @param {Context} context */
async function resolves(context) {
  const { undici, port } = context;
  let lookups = 0;
  const dns = undici.interceptors.dns({
    dualStack: false,
    affinity: 4,
    lookup: (_origin, _options, callback) => {
      lookups++;
      callback(null, [{ address: '127.0.0.1', family: 4, ttl: 60_000 }]);
    },
  });
  const dispatcher = context.agent().compose(dns);
  for (let turn = 0; turn < 3; turn++) {
    const { headers, body } = await undici.request(`https://${NAMED_HOST}:${port}/echo`, { dispatcher });
    assertHttp3(headers);
    const { authority } = await echoOf(body);
    assert.equal(authority, `${NAMED_HOST}:${port}`);
  }
  assert.equal(lookups, 1);
  const usual = context.agent().compose(undici.interceptors.dns());
  const { headers, body } = await undici.request(`${context.origin}/echo`, { dispatcher: usual });
  assertHttp3(headers);
  assert.equal((await echoOf(body)).authority, `localhost:${port}`);
}

/** @param {Context} context */
async function caches(context) {
  const { undici, origin } = context;
  const agent = context.agent();
  const store = new undici.cacheStores.MemoryCacheStore();
  const dispatcher = agent.compose(undici.interceptors.cache({ store }));
  const fresh = origin + context.counted('/cacheable', { age: 60 });
  for (let turn = 0; turn < 3; turn++) {
    const { headers, body } = await undici.request(fresh, { dispatcher });
    assertHttp3(headers, 1);
    assert.equal(await body.text(), 'made for request 1');
  }
  const past = await undici.request(fresh, { dispatcher: agent });
  assertHttp3(past.headers, 2);
  await past.body.dump();
  const stale = origin + context.counted('/cacheable', { age: 0 });
  for (let turn = 0; turn < 2; turn++) {
    const { statusCode, body } = await undici.request(stale, { dispatcher });
    assert.deepEqual([statusCode, await body.text()], [200, 'made for request 1'], 'after a validation');
  }
  const validated = await undici.request(stale, { dispatcher: agent });
  assertHttp3(validated.headers, 3);
  await validated.body.dump();
}

/** @param {Context} context */
async function dumps(context) {
  const { undici, origin } = context;
  const agent = context.agent();
  const dispatcher = agent.compose(undici.interceptors.dump({ maxSize: 1000 }));
  const { statusCode, headers, body } = await undici.request(`${origin}/bytes?length=500`, { dispatcher });
  assertHttp3(headers);
  assert.deepEqual([statusCode, await body.text()], [200, '']);
  // Too long: as the response says itself, and by what comes.
  for (const path of [context.counted('/dropped'), '/bytes?length=200000']) {
    const dumped = undici.request(origin + path, { dispatcher }).then((response) => response.body.text());
    assert.equal((await rejection(dumped)).code, 'UND_ERR_ABORTED');
  }
  const next = await undici.request(`${origin}/echo`, { dispatcher: agent });
  assertHttp3(next.headers);
  await next.body.dump();
}

/** @param {Context} context */
async function throwsForStatus(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent().compose(undici.interceptors.responseError());
  const error = await rejection(undici.request(`${origin}/status?code=500`, { dispatcher }));
  assert.deepEqual([error.code, error.statusCode, error.body], ['UND_ERR_RESPONSE', 500, { reason: 'as asked' }]);
  assertHttp3(/** @type {Record<string, unknown>} */ (error.headers));
  const fine = await undici.request(`${origin}/status?code=200`, { dispatcher });
  assertHttp3(fine.headers);
  assert.deepEqual(await fine.body.json(), { reason: 'as asked' });
}

/** @param {Context} context */
async function deduplicates(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent().compose(undici.interceptors.deduplicate());
  const url = origin + context.counted('/flaky', { failures: 0 });
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { headers, body } = await undici.request(url, { dispatcher });
      assertHttp3(headers, 1);
      return body.text();
    }),
  );
  assert.deepEqual(answers, Array(5).fill('attempt 1'));
}

/** @param {Context} context */
async function stacked(context) {
  const { undici, origin } = context;
  const { retry, redirect, decompress, dns, cache, responseError } = undici.interceptors;
  const dispatcher = context
    .agent()
    .compose(dns(), retry(RETRY), decompress(), redirect({ maxRedirections: 2 }), responseError(), cache());
  const flaky = await undici.request(origin + context.counted('/flaky', { failures: 1 }), { dispatcher });
  assertHttp3(flaky.headers, 2);
  assert.equal(await flaky.body.text(), 'attempt 2');
  const to = encodeURIComponent('/encoded?coding=gzip');
  const encoded = await undici.request(`${origin}/redirect?status=302&to=${to}`, { dispatcher });
  assertHttp3(encoded.headers);
  assert.equal(await encoded.body.text(), ENCODED_TEXT);
}

/** The handlers of some fetches are legacy ones, which the interceptors of undici 8 do not know. @param {Context} context */
async function underFetch(context) {
  const { undici, library, origin } = context;
  const { retry, decompress, dns } = undici.interceptors;
  const agent = context.agent();
  const dispatcher = agent.compose(dns(), retry(RETRY), decompress());
  const { uninstall } = library.install(dispatcher);
  context.cleanUp(uninstall);
  for (const call of [undici.fetch, globalThis.fetch]) {
    const fetch = /** @type {typeof globalThis.fetch} */ (call);
    const flaky = await fetch(origin + context.counted('/flaky', { failures: 2 }));
    assertHttp3(Object.fromEntries(flaky.headers), 3);
    assert.equal(await flaky.text(), 'attempt 3');
    const encoded = await fetch(`${origin}/encoded?coding=gzip`);
    assertHttp3(Object.fromEntries(encoded.headers));
    assert.equal(await encoded.text(), ENCODED_TEXT);
  }
}

/** @type {Check[]} */
export const interceptorChecks = [
  {
    name: 'interceptor retry',
    run: (context) => retries(context, (agent) => agent.compose(context.undici.interceptors.retry(RETRY))),
  },
  { name: 'interceptor redirect', run: redirects },
  { name: 'interceptor decompress', run: decompresses },
  { name: 'interceptor dns', run: resolves },
  { name: 'interceptor cache', run: caches },
  { name: 'interceptor dump', run: dumps },
  { name: 'interceptor responseError', run: throwsForStatus },
  { name: 'interceptor deduplicate', run: deduplicates },
  { name: 'interceptors stacked', run: stacked },
  { name: 'interceptors under undici.fetch and built-in fetch', run: underFetch },
  {
    name: 'RetryAgent',
    run: (context) => retries(context, (agent) => new context.undici.RetryAgent(agent, RETRY)),
  },
];
