/** Errors must be those of the undici in use, whichever copy of it a program has: users compare classes and codes. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { assertHttp3, rejection } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Check} Check */
/** @typedef {keyof typeof import('undici').errors} ErrorName */

/**
 * @param {Context} context
 * @param {Promise<unknown>} promise
 * @param {ErrorName} name
 * @param {string} code
 */
async function assertFails({ undici }, promise, name, code) {
  const error = await rejection(promise);
  assert.equal(error.code, code);
  assert.ok(error instanceof undici.errors[name], `${error.name} is not this undici's ${name}`);
  assert.ok(error instanceof undici.errors.UndiciError, `${error.name} is not this undici's UndiciError`);
}

/** @param {Context} context */
async function timeouts(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent();
  const hanging = undici.request(`${origin}/hang`, { dispatcher, headersTimeout: 50 });
  await assertFails(context, hanging, 'HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT');
  const { body } = await undici.request(`${origin}/stall`, { dispatcher, bodyTimeout: 50 });
  await assertFails(context, body.arrayBuffer(), 'BodyTimeoutError', 'UND_ERR_BODY_TIMEOUT');
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  context.cleanUp(() => silent.close());
  await once(silent, 'listening');
  const lost = undici.request(`https://127.0.0.1:${silent.address().port}/`, {
    dispatcher: context.agent({ connect: { timeout: 100 } }),
  });
  await assertFails(context, lost, 'ConnectTimeoutError', 'UND_ERR_CONNECT_TIMEOUT');
  const after = await undici.request(`${origin}/echo`, { dispatcher });
  assertHttp3(after.headers);
  await after.body.dump();
}

/** @param {Context} context */
async function limits(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent({ maxResponseSize: 1000 });
  const large = undici.request(`${origin}/bytes?length=5000`, { dispatcher }).then(({ body }) => body.arrayBuffer());
  await assertFails(context, large, 'ResponseExceededMaxSizeError', 'UND_ERR_RES_EXCEEDED_MAX_SIZE');
  const short = undici.request(`${origin}/echo`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-length': '10' },
    body: Readable.from(['short']),
  });
  await assertFails(context, short, 'RequestContentLengthMismatchError', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH');
  const wrong = undici.request(`${origin}/echo`, { dispatcher, headers: { upgrade: 'websocket' } });
  await assertFails(context, wrong, 'InvalidArgumentError', 'UND_ERR_INVALID_ARG');
}

/** @param {Context} context */
async function ends(context) {
  const { undici, origin } = context;
  const dispatcher = context.agent();
  const lost = undici.request(origin + context.counted('/lost'), { dispatcher });
  await assertFails(context, lost, 'SocketError', 'UND_ERR_SOCKET');
  const abort = new AbortController();
  const hanging = undici.request(`${origin}/hang`, { dispatcher, signal: abort.signal });
  await (await undici.request(`${origin}/echo`, { dispatcher })).body.dump();
  abort.abort();
  assert.equal((await rejection(hanging)).name, 'AbortError');
  const open = undici.request(`${origin}/hang`, { dispatcher });
  const refused = open.catch((error) => error);
  const closing = dispatcher.close();
  await assertFails(context, undici.request(`${origin}/echo`, { dispatcher }), 'ClientClosedError', 'UND_ERR_CLOSED');
  await dispatcher.destroy();
  await closing;
  assert.equal((await refused).code, 'UND_ERR_DESTROYED');
  const late = undici.request(`${origin}/echo`, { dispatcher });
  await assertFails(context, late, 'ClientDestroyedError', 'UND_ERR_DESTROYED');
}

/** @type {Check[]} */
export const errorChecks = [
  { name: 'errors: timeouts', run: timeouts },
  { name: 'errors: limits and arguments', run: limits },
  { name: 'errors: lost, aborted, closed, destroyed', run: ends },
];
