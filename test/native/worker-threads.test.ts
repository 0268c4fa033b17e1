import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { nodeArgumentsFor } from '../support/child-module.js';
import { makeIdentity, openSession } from '../support/client.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { fetchBytes } from '../support/settlement.js';
import type { DownloadMessage, DownloadTask } from './download-worker.js';

const THREADS = 4;
const DOWNLOAD = 'download.bin';
const DOWNLOAD_BYTES = 5 * 1024 * 1024;
const LARGE = 'large.bin';
const LARGE_BYTES = 64 * 1024 * 1024;
const MODULE = fileURLToPath(new URL('./download-worker.ts', import.meta.url));

const identity = await makeIdentity();
let caddy: Caddy;
beforeAll(async () => {
  caddy = await startCaddy({ ...identity, files: { [DOWNLOAD]: DOWNLOAD_BYTES, [LARGE]: LARGE_BYTES } });
});
afterAll(() => caddy.stop());

function startWorker(file: string): Worker {
  const workerData: DownloadTask = { origin: caddy.origin, ca: identity.ca, path: `/${file}` };
  return new Worker(MODULE, { workerData, execArgv: nodeArgumentsFor(MODULE) });
}

/** The first message of a kind. @throws the worker's error, or one if it ends without such a message */
function message(worker: Worker, kind: DownloadMessage['kind']): Promise<DownloadMessage> {
  return new Promise((resolve, reject) => {
    worker.on('message', (value: DownloadMessage) => {
      if (value.kind === kind) resolve(value);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with exit code ${code}`)));
  });
}

async function expectDownload(): Promise<void> {
  const session = openSession(caddy.origin, identity);
  const { bytes, sha256 } = await fetchBytes(session, { ':path': `/${DOWNLOAD}` });
  expect({ bytes, sha256 }).toEqual(caddy.files[DOWNLOAD]);
  await session.close();
}

test('four worker threads load the addon at once, beside this one, and each downloads 5 MiB', async () => {
  const before = listDescriptors();
  const workers = Array.from({ length: THREADS }, () => startWorker(DOWNLOAD));
  const exits = workers.map((worker) => once(worker, 'exit'));
  const [messages] = await Promise.all([
    Promise.all(workers.map((worker) => message(worker, 'done'))),
    expectDownload(),
  ]);
  for (const done of messages) expect(done).toEqual({ kind: 'done', connections: 1, ...caddy.files[DOWNLOAD] });
  // They end by themselves: nothing idle keeps a thread alive.
  expect(await Promise.all(exits)).toEqual(Array.from({ length: THREADS }, () => [0]));
  await expectDownload();
  await expectNoNewDescriptors(before);
});

test('workers that are terminated in the midst of a download take nothing with them', async () => {
  const before = listDescriptors();
  for (let round = 0; round < 3; round += 1) {
    const workers = Array.from({ length: THREADS }, () => startWorker(LARGE));
    await Promise.all(workers.map((worker) => message(worker, 'begun')));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  await expectDownload();
  await expectNoNewDescriptors(before);
});
