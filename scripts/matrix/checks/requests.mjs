/** undici's own functions with an Http3Agent, and the agent's and the client's methods of the same names. */
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { pattern } from '../server-routes.mjs';
import { assertHttp3, echoOf, rejection } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Check} Check */
/** @typedef {import('undici').Dispatcher} Dispatcher */

/** A destination that keeps what it gets. */
class Kept extends Writable {
  /** @type {Buffer[]} */
  chunks = [];

  /** @override @param {Buffer} chunk @param {unknown} _encoding @param {() => void} callback */
  _write(chunk, _encoding, callback) {
    this.chunks.push(chunk);
    callback();
  }
}

/** Takes one chunk a turn. */
class Slow extends Kept {
  mostBuffered = 0;

  /** @override @param {Buffer} chunk @param {unknown} encoding @param {() => void} callback */
  _write(chunk, encoding, callback) {
    this.mostBuffered = Math.max(this.mostBuffered, this.writableLength);
    setTimeout(() => super._write(chunk, encoding, callback), 1);
  }
}

/** @param {Context} context @param {Dispatcher} [dispatcher] default: the global one */
async function requests({ undici, origin }, dispatcher) {
  const options = dispatcher === undefined ? {} : { dispatcher };
  const got = await undici.request(`${origin}/echo`, { query: { a: 'b c' }, headers: ['x-own', 'yes'], ...options });
  assertHttp3(got.headers);
  const echo = await echoOf(got.body);
  assert.deepEqual([got.statusCode, echo.method, echo.url], [200, 'GET', '/echo?a=b%20c']);
  const sent = pattern(200_000);
  const form = new undici.FormData();
  form.append('field', 'value');
  const filled = await undici.request(`${origin}/form`, { method: 'POST', body: form, ...options });
  assertHttp3(filled.headers);
  assert.deepEqual(await filled.body.json(), { field: 'value' });
  /** @type {[string, string | Uint8Array | Readable, number][]} */
  const bodies = [
    ['string', 'text', 4],
    ['Buffer', sent, sent.length],
    ['Uint8Array', new Uint8Array(30), 30],
    ['Readable', Readable.from([sent, 'end']), sent.length + 3],
  ];
  for (const [kind, body, length] of bodies) {
    const posted = await undici.request(`${origin}/echo`, { method: 'POST', body, ...options });
    assertHttp3(posted.headers);
    assert.equal((await echoOf(posted.body)).bytes, length, kind);
  }
  const head = await undici.request(`${origin}/bytes?length=5`, { method: 'HEAD', ...options });
  assertHttp3(head.headers);
  assert.equal(await head.body.text(), '');
  const trailed = await undici.request(`${origin}/trailers`, options);
  assert.equal(await trailed.body.text(), 'body');
  assert.deepEqual({ ...trailed.trailers }, { 'x-sum': '42' });
  /** @type {number[]} */
  const hints = [];
  const onInfo = (/** @type {{ statusCode: number }} */ { statusCode }) => void hints.push(statusCode);
  const hinted = await undici.request(`${origin}/hints`, { onInfo, ...options });
  assert.equal(await hinted.body.text(), 'after the hints');
  assert.deepEqual(hints, [103]);
}

/** @type {Check[]} */
export const requestChecks = [
  { name: 'request', run: (context) => requests(context, context.agent()) },
  {
    name: 'request, protocol h3-first',
    // The head start decides nothing here.
    run: (context) => requests(context, context.agent({ protocol: 'h3-first', headStart: 20_000 })),
  },
  {
    name: 'request: 100 at once',
    run: async (context) => {
      const dispatcher = context.agent();
      const whole = pattern(20_000);
      const bodies = Array.from({ length: 100 }, async () => {
        const { headers, body } = await context.undici.request(`${context.origin}/bytes?length=20000`, { dispatcher });
        assertHttp3(headers);
        assert.ok(whole.equals(Buffer.from(await body.arrayBuffer())));
      });
      await Promise.all(bodies);
    },
  },
  {
    name: 'stream',
    run: async (context) => {
      const { undici, origin } = context;
      const kept = new Kept();
      const options = { dispatcher: context.agent(), opaque: kept, method: 'POST', body: 'streamed' };
      await undici.stream(`${origin}/pipe`, options, ({ headers, opaque }) => {
        assertHttp3(headers);
        return opaque;
      });
      assert.equal(`${Buffer.concat(kept.chunks)}`, 'streamed');
    },
  },
  {
    name: 'stream: a slow destination',
    run: async (context) => {
      const { undici, origin } = context;
      const slow = new Slow();
      const options = { dispatcher: context.agent(), opaque: slow, method: /** @type {const} */ ('GET') };
      await undici.stream(`${origin}/bytes?length=2000000`, options, ({ headers, opaque }) => {
        assertHttp3(headers);
        return opaque;
      });
      assert.ok(pattern(2_000_000).equals(Buffer.concat(slow.chunks)));
      assert.ok(slow.mostBuffered < 1_000_000, `${slow.mostBuffered} bytes waited for the destination`);
    },
  },
  {
    name: 'pipeline',
    run: async (context) => {
      const { undici, origin } = context;
      const options = { dispatcher: context.agent(), method: 'POST' };
      const duplex = undici.pipeline(`${origin}/pipe`, options, ({ headers, body }) => {
        assertHttp3(headers);
        return body;
      });
      const sent = pattern(300_000);
      const kept = new Kept();
      await pipeline(Readable.from([sent.subarray(0, 100_000), sent.subarray(100_000)]), duplex, kept);
      assert.ok(sent.equals(Buffer.concat(kept.chunks)));
    },
  },
  {
    name: 'setGlobalDispatcher: request, undici.fetch, built-in fetch',
    run: async (context) => {
      const { undici, origin } = context;
      const before = undici.getGlobalDispatcher();
      context.cleanUp(() => undici.setGlobalDispatcher(before));
      undici.setGlobalDispatcher(context.agent());
      await requests(context);
      for (const call of [undici.fetch, globalThis.fetch]) {
        const response = await /** @type {typeof globalThis.fetch} */ (call)(`${origin}/echo`, {
          method: 'POST',
          body: 'x',
        });
        assertHttp3(Object.fromEntries(response.headers));
        assert.equal((await echoOf(response)).text, 'x');
      }
    },
  },
  {
    name: 'Http3Agent: request, stream, pipeline',
    run: async (context) => methods(context.agent(), { origin: context.origin }),
  },
  {
    name: 'Http3Client: request, stream, pipeline',
    run: async (context) => {
      const client = new context.library.Http3Client(context.origin, { protocol: 'h3', connect: { ca: context.ca } });
      context.cleanUp(() => client.destroy());
      await methods(client, {});
      await client.close();
      const { code } = await rejection(client.request({ path: '/echo', method: 'GET' }));
      // As undici's Client, which is destroyed when it has closed.
      assert.equal(code, 'UND_ERR_DESTROYED');
    },
  },
];

/** @param {Dispatcher} dispatcher @param {{ origin?: string }} target */
async function methods(dispatcher, target) {
  const got = await dispatcher.request({ ...target, path: '/echo', method: 'GET' });
  assertHttp3(got.headers);
  assert.equal((await echoOf(got.body)).url, '/echo');
  const kept = new Kept();
  await dispatcher.stream(
    { ...target, path: '/bytes?length=5000', method: 'GET', opaque: kept },
    ({ headers, opaque }) => {
      assertHttp3(headers);
      return opaque;
    },
  );
  assert.ok(pattern(5000).equals(Buffer.concat(kept.chunks)));
  const duplex = dispatcher.pipeline({ ...target, path: '/pipe', method: 'POST' }, ({ headers, body }) => {
    assertHttp3(headers);
    return body;
  });
  duplex.end('piped');
  assert.equal(await text(duplex), 'piped');
  await finished(duplex);
  const posted = await dispatcher.request({ ...target, path: '/pipe', method: 'POST', body: pattern(100_000) });
  assert.ok(pattern(100_000).equals(await buffer(posted.body)));
}
