/** undici's dispatchers that make or hold others, and what runs beside HTTP/3. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { assertHttp3, echoOf, HTTP3, rejection } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Check} Check */
/** @typedef {import('undici').Dispatcher} Dispatcher */

/** Makes clients as undici's factories do. @param {Context} context */
function factory({ library, ca }) {
  // What a Pool hands over has a `connect` of its own, which is for TCP.
  return (/** @type {string | URL} */ origin, /** @type {object} */ options) =>
    new library.Http3Client(origin, { ...options, protocol: 'h3', connect: { ca } });
}

/** @param {Context} context @param {Dispatcher} dispatcher */
async function answers({ undici, origin }, dispatcher) {
  for (let turn = 0; turn < 3; turn++) {
    const { headers, body } = await undici.request(`${origin}/echo`, { dispatcher, method: 'POST', body: 'real' });
    assertHttp3(headers);
    assert.equal((await echoOf(body)).text, 'real');
  }
}

/**
 * Their clients' events tell undici's agents and pools when a client is of no use any more.
 *
 * @param {Context} context
 * @param {Dispatcher} dispatcher
 */
async function answersAgain(context, dispatcher) {
  await answers(context, dispatcher);
  const lost = await rejection(context.undici.request(context.origin + context.counted('/lost'), { dispatcher }));
  assert.equal(lost.code, 'UND_ERR_SOCKET');
  await answers(context, dispatcher);
}

/** @param {Context} context */
async function mocks(context) {
  const { undici, origin } = context;
  const mock = new undici.MockAgent({ factory: factory(context) });
  context.cleanUp(() => mock.close());
  mock.get(origin).intercept({ path: '/mocked', method: 'GET' }).reply(200, { made: 'up' });
  mock.enableNetConnect(`localhost:${context.port}`);
  const mocked = await undici.request(`${origin}/mocked`, { dispatcher: mock });
  assert.deepEqual([await mocked.body.json(), mocked.headers['x-protocol']], [{ made: 'up' }, undefined]);
  await answers(context, mock);
  const response = await undici.fetch(`${origin}/echo`, { dispatcher: mock });
  assertHttp3(Object.fromEntries(response.headers));
  await response.arrayBuffer();
  mock.disableNetConnect();
  const refused = await rejection(undici.request(`${origin}/echo`, { dispatcher: mock }));
  assert.equal(refused.code, 'UND_MOCK_ERR_MOCK_NOT_MATCHED');
  mock.assertNoPendingInterceptors();
}

/** @param {Context} context */
async function learns(context) {
  const { undici, origin } = context;
  // The head start decides nothing here.
  const dispatcher = context.agent({ protocol: 'auto', headStart: 20_000, allowH2: true });
  const protocols = [];
  for (let turn = 0; turn < 2; turn++) {
    const { headers, body } = await undici.request(`${origin}/echo`, { dispatcher });
    await body.dump();
    protocols.push(headers['x-protocol']);
  }
  assert.deepEqual(protocols, ['2.0', HTTP3]);
}

/** @param {Context} context */
async function webSocket(context) {
  const { undici, port } = context;
  const dispatcher = context.agent({ protocol: 'auto' });
  const socket = new undici.WebSocket(`wss://localhost:${port}/greeting`, { dispatcher });
  const [event] = await Promise.race([
    once(socket, 'message'),
    once(socket, 'error').then(([failure]) => Promise.reject(failure.error)),
  ]);
  assert.equal(event.data, '1.1 /greeting');
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

/** @param {Context} context */
async function eventSource(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent();
  const source = new undici.EventSource(`${origin}/events`, { node: { dispatcher } });
  context.cleanUp(() => source.close());
  const named = once(source, 'named');
  const [first] = await once(source, 'message');
  const [second] = await named;
  assert.deepEqual([first.data, second.data], [`one ${HTTP3}`, 'two']);
}

/** @type {Check[]} */
export const agentChecks = [
  { name: 'MockAgent({factory})', run: mocks },
  {
    name: 'Agent({factory})',
    run: async (context) => {
      const agent = new context.undici.Agent({ factory: factory(context) });
      context.cleanUp(() => agent.destroy());
      await answersAgain(context, agent);
    },
  },
  {
    name: 'Pool({factory})',
    run: async (context) => {
      const pool = new context.undici.Pool(context.origin, { factory: factory(context), connections: 2 });
      context.cleanUp(() => pool.destroy());
      await answersAgain(context, pool);
    },
  },
  { name: 'Alt-Svc: first over TCP, then HTTP/3', run: learns },
  { name: 'WebSocket through the agent (over TCP)', run: webSocket },
  { name: 'EventSource', run: eventSource },
];
