/** A worker thread that downloads over a session of its own and tells how far it got. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';

export interface DownloadTask {
  readonly origin: string;
  readonly ca: string;
  readonly path: string;
}

export type DownloadMessage =
  | { readonly kind: 'begun' }
  | { readonly kind: 'done'; readonly bytes: number; readonly sha256: string; readonly connections: number };

function send(message: DownloadMessage): void {
  parentPort?.postMessage(message);
}

const { origin, ca, path } = workerData as DownloadTask;
const session = connect(origin, { ca });
const stream = session.request({ ':path': path });
const hash = createHash('sha256');
let bytes = 0;
for await (const chunk of stream as AsyncIterable<Buffer>) {
  if (bytes === 0) send({ kind: 'begun' });
  bytes += chunk.length;
  hash.update(chunk);
}
// Each thread counts its own native objects.
const { connections } = loadAddon().counters();
await session.close();
send({ kind: 'done', bytes, sha256: hash.digest('hex'), connections });
