import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { loadAddon } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';
import { makeCert } from '../support/certs.js';
import { nodeArgumentsFor } from '../support/child-module.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { collectGarbage } from '../support/memory.js';
import { bindServerSocket, serverArrays, serverParams } from './raw-server.js';
import type { ServerThreadTask } from './server-worker.js';

const WORKER = fileURLToPath(new URL('./server-worker.ts', import.meta.url));
const THREADS = 4;
const certificate = await makeCert({ hosts: ['localhost'] });
const privateKey = certificate.key.export({ type: 'pkcs8', format: 'der' });

test('engines that nobody destroys are collected', async () => {
  const { NeqoHttp3Server, ServerCredential } = loadServerAddon();
  const poll = bindServerSocket();
  const credential = new ServerCredential([certificate.der], privateKey);
  for (let count = 0; count < 100; count += 1) {
    const { status, events } = serverArrays();
    new NeqoHttp3Server(serverParams(poll), status, events).setCredential('', credential);
  }
  await expect
    .poll(async () => {
      await collectGarbage();
      return loadAddon().counters().servers;
    })
    .toBe(0);
  credential.destroy();
  poll.close();
});

test.each<ServerThreadTask['end']>(['destroy', 'leave', 'terminate'])(
  'four threads have servers of their own at once; each counts its own, and none leaves anything behind (%s)',
  async (end) => {
    const before = listDescriptors();
    const workerData: ServerThreadTask = { certificate: certificate.der, privateKey, end };
    const workers = Array.from(
      { length: THREADS },
      () => new Worker(WORKER, { workerData, execArgv: nodeArgumentsFor(WORKER) }),
    );
    const exits = workers.map((worker) => once(worker, 'exit'));
    const counts = await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (const [counters] of counts) expect(counters).toMatchObject({ servers: 2, credentials: 1, polls: 2 });
    expect(loadAddon().counters()).toMatchObject({ servers: 0, credentials: 0 });
    if (end === 'terminate') await Promise.all(workers.map((worker) => worker.terminate()));
    const codes = await Promise.all(exits);
    if (end !== 'terminate') expect(codes).toEqual(Array.from({ length: THREADS }, () => [0]));
    await expectNoNewDescriptors(before);
  },
);
