/** The Fetch API, by every way in which it comes to an Http3Agent. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ENCODED_TEXT, pattern } from '../server-routes.mjs';
import { assertHttp3, echoOf, rejection } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/**
 * What a way of fetching brings. The types of Node, of undici and of this library differ in name only.
 *
 * @typedef {object} Realm
 * @property {typeof globalThis.fetch} fetch
 * @property {typeof globalThis.FormData} FormData
 * @property {typeof globalThis.Request} Request
 * @property {object} init for every call
 */

/** @param {Response} response */
function overHttp3(response) {
  assertHttp3({ 'x-protocol': response.headers.get('x-protocol') });
  return response;
}

/** @param {Response} response of /echo */
const http3Echo = (response) => echoOf(overHttp3(response));

/** @type {Record<string, (realm: Realm, context: Context) => Promise<void>>} */
const topics = {
  'GET, POST': async ({ fetch, Request, init }, { origin }) => {
    const got = await fetch(`${origin}/echo?a=1`, { headers: { 'x-own': 'yes' }, ...init });
    const { method, url, headers } = await http3Echo(got);
    assert.deepEqual([got.status, method, url, headers['x-own']], [200, 'GET', '/echo?a=1', 'yes']);
    const posted = await fetch(new Request(`${origin}/echo`, { method: 'POST', body: 'text' }), init);
    const echo = await http3Echo(posted);
    assert.deepEqual([echo.method, echo.text, echo.headers['content-length']], ['POST', 'text', '4']);
    const [large, again] = await Promise.all([1, 2].map(() => fetch(`${origin}/bytes?length=300000`, init)));
    assert.ok(large !== undefined && again !== undefined);
    assert.ok(pattern(300_000).equals(Buffer.from(await overHttp3(large).arrayBuffer())));
    await overHttp3(again).body?.cancel();
  },
  'FormData, Blob': async ({ fetch, FormData, init }, { origin }) => {
    const form = new FormData();
    form.append('field', 'välue');
    form.append('file', new Blob(['contents'], { type: 'text/x-own' }), 'name.txt');
    const answer = await overHttp3(await fetch(`${origin}/form`, { method: 'POST', body: form, ...init })).json();
    assert.deepEqual(answer, { field: 'välue', file: { name: 'name.txt', type: 'text/x-own', text: 'contents' } });
    const body = new Blob(['a', 'blob'], { type: 'text/x-own' });
    const echo = await http3Echo(await fetch(`${origin}/echo`, { method: 'PUT', body, ...init }));
    assert.deepEqual([echo.text, echo.headers['content-type']], ['ablob', 'text/x-own']);
    const search = new URLSearchParams({ a: 'b c' });
    const fields = await overHttp3(await fetch(`${origin}/form`, { method: 'POST', body: search, ...init })).json();
    assert.deepEqual(fields, { a: 'b c' });
  },
  'upload of a stream': async ({ fetch, init }, { origin }) => {
    const whole = pattern(500_000);
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(Uint8Array.from(whole.subarray(at, at + 50_000)));
        at += 50_000;
        if (at >= whole.length) controller.close();
      },
    });
    const options = /** @type {RequestInit} */ ({ method: 'POST', body, duplex: 'half', ...init });
    const echo = await http3Echo(await fetch(`${origin}/echo`, options));
    assert.equal(echo.sha256, createHash('sha256').update(whole).digest('hex'));
  },
  redirects: async ({ fetch, init }, { origin }) => {
    const seen = await http3Echo(
      await fetch(`${origin}/redirect?status=303`, { method: 'POST', body: 'lost', ...init }),
    );
    assert.deepEqual([seen.method, seen.bytes], ['GET', 0]);
    for (const status of [307, 308]) {
      const response = await fetch(`${origin}/redirect?status=${status}`, { method: 'POST', body: 'kept', ...init });
      assert.ok(response.redirected);
      const echo = await http3Echo(response);
      assert.deepEqual([echo.method, echo.text], ['POST', 'kept']);
    }
  },
  'content codings': async ({ fetch, init }, { origin }) => {
    for (const coding of ['gzip', 'br', 'deflate']) {
      const response = overHttp3(await fetch(`${origin}/encoded?coding=${coding}`, init));
      assert.equal(await response.text(), ENCODED_TEXT, coding);
    }
  },
  'HEAD, 204, 304, cookies, 103': async ({ fetch, init }, { origin }) => {
    const head = overHttp3(await fetch(`${origin}/bytes?length=10`, { method: 'HEAD', ...init }));
    assert.equal(await head.text(), '');
    for (const status of [204, 304]) {
      const response = overHttp3(await fetch(`${origin}/status?code=${status}`, init));
      assert.deepEqual([response.status, await response.text()], [status, '']);
    }
    const cookies = overHttp3(await fetch(`${origin}/cookies`, init));
    assert.deepEqual(cookies.headers.getSetCookie(), ['a=1; Path=/', 'b=2; Secure']);
    assert.equal(await overHttp3(await fetch(`${origin}/hints`, init)).text(), 'after the hints');
  },
  abort: async ({ fetch, init }, { origin }) => {
    const before = new AbortController();
    const hanging = fetch(`${origin}/hang`, { signal: before.signal, ...init });
    // Known to be under way when an answer to a later request is there.
    await (await fetch(`${origin}/echo`, init)).text();
    before.abort();
    assert.equal((await rejection(hanging)).name, 'AbortError');
    const within = new AbortController();
    const stalled = overHttp3(await fetch(`${origin}/stall`, { signal: within.signal, ...init }));
    const reader = stalled.body?.getReader();
    assert.ok(reader !== undefined && (await reader.read()).value !== undefined);
    const rest = reader.read();
    within.abort();
    assert.equal((await rejection(rest)).name, 'AbortError');
  },
};

/** @param {unknown} module undici, this library or the global object @param {object} [init] @returns {Realm} */
function realmOf(module, init = {}) {
  const { fetch, FormData, Request } = /** @type {Realm} */ (module);
  return { fetch, FormData, Request, init };
}

/** @param {Context} context */
function installed(context) {
  const { uninstall } = context.library.install(context.agent());
  context.cleanUp(uninstall);
}

/** @type {Record<string, (context: Context) => Realm>} */
const realms = {
  'built-in fetch after install()': (context) => {
    installed(context);
    return realmOf(globalThis);
  },
  'built-in fetch, dispatcher': (context) => realmOf(globalThis, { dispatcher: context.agent() }),
  'undici.fetch, dispatcher': (context) => realmOf(context.undici, { dispatcher: context.agent() }),
  'undici.fetch after install()': (context) => {
    installed(context);
    return realmOf(context.undici);
  },
  'necko-http3 fetch, dispatcher': (context) => realmOf(context.main, { dispatcher: context.agent() }),
};

/** @type {import('./context.mjs').Check[]} */
export const fetchChecks = Object.entries(realms).flatMap(([realmName, realm]) =>
  Object.entries(topics).map(([topic, run]) => ({
    name: `${realmName}: ${topic}`,
    run: (context) => run(realm(context), context),
  })),
);
