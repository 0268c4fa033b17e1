/** Worker module that loads at the first, the fourth, and every later attempt; workerData counts them. */
import type { IncomingHttpHeaders } from 'node:http2';
import { workerData } from 'node:worker_threads';
import type { ServerHttp3Stream } from '../../../../src/server/server-types.js';

const attempt = Atomics.add(workerData as Int32Array, 0, 1) + 1;
if (attempt === 2 || attempt === 3) throw new Error(`attempt ${attempt}`);

export function stream(stream: ServerHttp3Stream, headers: IncomingHttpHeaders): void {
  if (headers[':path'] === '/die') throw new Error('died');
  stream.respond({}, { endStream: true });
}
