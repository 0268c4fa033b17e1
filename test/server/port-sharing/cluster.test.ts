import { readdirSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { ClientHttp3Session } from '../../../src/index.js';
import { ChildModule } from '../../support/child-module.js';
import { openSession } from '../../support/client.js';
import { findFreePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import type { ClusterFunctions, ClusterInit } from './cluster-child.js';
import { prod, testIdentity, watchDisconnects, who } from './sharing-processes.js';

const IDLE = { idleTimeout: 600_000 };

async function startCluster(workers: number) {
  const identity = await testIdentity();
  const directory = await temporaryDirectory();
  const port = await findFreePort('127.0.0.1');
  const { keyPem: key, certPem: cert } = identity.certificate;
  const init: ClusterInit = { key, cert, port, workers, directory };
  const cluster = await ChildModule.start<ClusterFunctions>(new URL('./cluster-child.ts', import.meta.url), init);
  onTestFinished(() => cluster.stop());
  const connect = (): ClientHttp3Session => openSession(`https://127.0.0.1:${port}`, identity, IDLE);
  /** Files of the directory that the workers share. */
  const files = (): string[] => readdirSync(directory).flatMap((name) => readdirSync(`${directory}/${name}`));
  return { cluster, connect, files, directory };
}

it('the workers of a cluster share a port', async () => {
  const { cluster, connect, files } = await startCluster(3);
  const answers = await Promise.all(Array.from({ length: 40 }, () => who(connect())));
  expect(new Set(answers.map(({ pid }) => pid))).toEqual(new Set(await cluster.call('pids')));
  expect(new Set(answers.map(({ sessionId }) => sessionId)).size).toBe(40);
  expect(files().sort()).toEqual(['0001.sock', '0002.sock', '0003.sock', 'reset.key']);
});

it('rolling restart: each worker is replaced, and nobody is refused', async () => {
  const { cluster, connect, files, directory } = await startCluster(2);
  for (const old of await cluster.call('pids')) {
    const session = connect();
    await who(session);
    await cluster.call('add');
    const left = cluster.call('disconnect', old);
    // While it leaves: any answer will do, a refusal will not.
    await Promise.all(Array.from({ length: 10 }, () => who(connect())));
    expect(await left).toBe(0);
    // Of the new worker, if its connection was the old one's.
    await who(session);
  }
  expect(files().sort()).toEqual(['0003.sock', '0004.sock', 'reset.key']);
  for (const pid of await cluster.call('pids')) expect(await cluster.call('disconnect', pid)).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

it('a worker that was killed is replaced; its clients are told, the others notice nothing', async () => {
  const { cluster, connect, files } = await startCluster(2);
  const sessions = Array.from({ length: 12 }, connect);
  const disconnects = sessions.map(watchDisconnects);
  const pids = (await Promise.all(sessions.map(who))).map(({ pid }) => pid);
  const [killed] = pids;
  await cluster.call('kill', killed ?? 0);
  expect(files()).toContain('0001.sock');
  expect(files()).toContain('0002.sock');
  await cluster.call('add');
  // The new worker has removed what the killed one has left.
  expect(files()).toHaveLength(3);
  await Promise.all(sessions.map(prod));
  for (const [index, messages] of disconnects.entries()) {
    expect(messages).toEqual(pids[index] === killed ? [expect.stringMatching(/stateless reset/)] : []);
  }
});
