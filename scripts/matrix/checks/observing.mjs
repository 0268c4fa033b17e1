/** What a program can see of a request: undici's diagnostics channels, which tracing libraries use, and the connection. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { echoOf } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Check} Check */
/** @typedef {{ method?: string, path?: string, addHeader?: (name: string, value: string) => unknown }} PublishedRequest */

/** Of a request with a body that is answered with one, in the order in which they come first. */
const CHANNELS = [
  'undici:request:create',
  'undici:client:beforeConnect',
  'undici:client:connected',
  'undici:client:sendHeaders',
  'undici:request:bodyChunkSent',
  'undici:request:bodySent',
  'undici:request:headers',
  'necko-http3:response',
  'undici:request:bodyChunkReceived',
  'undici:request:trailers',
];

/**
 * @param {Context} context
 * @param {readonly string[]} channels
 * @param {(message: unknown, channel: string) => void} listener
 */
function listen(context, channels, listener) {
  for (const channel of channels) {
    const onMessage = (/** @type {unknown} */ message) => listener(message, channel);
    subscribe(channel, onMessage);
    context.cleanUp(() => unsubscribe(channel, onMessage));
  }
}

/**
 * @param {Context} context
 * @param {(url: string) => Promise<import('../server-routes.mjs').Echo>} post sends 'text' and reads the answer
 */
async function published(context, post) {
  /** @type {string[]} */
  const seen = [];
  listen(context, CHANNELS, (message, channel) => {
    seen.push(channel);
    const { request } = /** @type {{ request?: PublishedRequest }} */ (message);
    // As a tracing library does.
    if (channel === 'undici:request:create') request?.addHeader?.('x-trace', 'abc');
  });
  const echo = await post(`${context.origin}/echo`);
  assert.deepEqual([echo.text, echo.headers['x-trace']], ['text', 'abc']);
  const first = [...new Set(seen)];
  const silent = CHANNELS.filter((channel) => !first.includes(channel));
  assert.deepEqual(silent, [], 'nothing was published there');
  // The connection is made while the request waits, and both directions are independent.
  for (const [earlier, later] of [
    ['undici:request:create', 'undici:client:sendHeaders'],
    ['undici:client:beforeConnect', 'undici:client:connected'],
    ['undici:client:sendHeaders', 'undici:request:bodyChunkSent'],
    ['undici:request:bodyChunkSent', 'undici:request:bodySent'],
    ['undici:request:headers', 'undici:request:bodyChunkReceived'],
    ['undici:request:bodyChunkReceived', 'undici:request:trailers'],
  ]) {
    assert.ok(first.indexOf(earlier ?? '') < first.indexOf(later ?? ''), `${earlier} after ${later}`);
  }
}

/** @param {Context} context */
async function connectionInfo(context) {
  const { createFetch, getConnectionInfo } = context.main;
  const bound = createFetch(context.agent());
  const response = await bound(`${context.origin}/echo`);
  const info = getConnectionInfo(response);
  assert.deepEqual([info?.protocol, info?.remotePort, info?.remoteAddress], ['h3', context.port, '127.0.0.1']);
  assert.equal(getConnectionInfo(response.clone()), info);
  await response.arrayBuffer();
}

/** @type {Check[]} */
export const observingChecks = [
  {
    name: 'diagnostics_channel: request',
    run: (context) => {
      const dispatcher = context.agent();
      return published(context, async (url) => {
        const { body } = await context.undici.request(url, { dispatcher, method: 'POST', body: 'text' });
        return echoOf(body);
      });
    },
  },
  {
    name: 'diagnostics_channel: built-in fetch after install()',
    run: (context) => {
      const { uninstall } = context.library.install(context.agent());
      context.cleanUp(uninstall);
      return published(context, async (url) => echoOf(await fetch(url, { method: 'POST', body: 'text' })));
    },
  },
  { name: 'getConnectionInfo', run: connectionInfo },
];
