import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { HTTP_VERSION } from '../../../src/server/compat/stream-messages.js';
import type { ServerHttp3Stream } from '../../../src/server/server-types.js';
import type { WorkerOptions } from '../../../src/server/workers/worker-options.js';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { createPool } from './support/pool.js';

/** The TCP sibling hands node:http2's streams to the same workers: they are the streams of ours, but for their codes. */
let pool: WorkerPool;
let server: Http2Server;
let client: ClientHttp2Session;

async function start(module: string, options: Omit<WorkerOptions, 'module'> = {}): Promise<void> {
  pool = createPool(module, options);
  await pool.start();
  server = createServer();
  server.on('stream', (stream, headers, flags, rawHeaders?: string[]) => {
    Object.assign(stream, { [HTTP_VERSION]: 2 });
    pool.dispatch(stream as unknown as ServerHttp3Stream, headers, flags, rawHeaders ?? []);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

afterEach(async () => {
  client.destroy();
  await Promise.all([new Promise((resolve) => server.close(resolve)), pool.close(false)]);
});

test('a (req, res) listener sees the version', async () => {
  await start('listener.ts');
  const body = await text(client.request({ ':path': '/x' }));
  expect(body).toMatch(/^GET \/x 127[.]0[.]0[.]1:[0-9]+ 2[.]0$/);
});

test('bodies there and back are the same bytes', async () => {
  await start('routes.ts');
  const body = Buffer.from(Uint8Array.from({ length: 5_000_003 }, (_, index) => (index * 7) % 251));
  const stream = client.request({ ':method': 'POST', ':path': '/echo' });
  stream.end(body);
  expect((await buffer(stream)).equals(body)).toBe(true);
});

test('a worker that dies: 502, or a reset with the code of HTTP/2', async () => {
  await start('routes.ts');
  const begun = client.request({ ':path': '/hold', 'x-respond': 'yes' });
  begun.on('error', () => undefined);
  await once(begun, 'response');
  const failed = client.request({ ':path': '/throw' });
  const [headers] = await once(failed, 'response');
  expect(headers).toMatchObject({ ':status': 502 });
  if (!begun.closed) await new Promise((resolve) => begun.once('close', resolve));
  expect(begun.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
});

test('an upload that the handler does not want ends without an error', async () => {
  await start('routes.ts');
  const stream = client.request({ ':method': 'POST', ':path': '/ignore' });
  stream.write('x');
  const [headers] = await once(stream, 'response');
  stream.resume();
  await once(stream, 'close');
  expect([headers[':status'], stream.rstCode]).toEqual([403, constants.NGHTTP2_NO_ERROR]);
});

test('sticky: the requests of a session stay with its worker', async () => {
  await start('routes.ts', { count: 2, policy: 'sticky' });
  const threads = await Promise.all(Array.from({ length: 8 }, () => text(client.request({ ':path': '/thread' }))));
  expect(new Set(threads).size).toBe(1);
});
