/** A worker thread with two engines that share a credential. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadAddon } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';
import { bindServerSocket, serverArrays, serverParams } from './raw-server.js';

const READABLE = 1;

export interface ServerThreadTask {
  /** DER. */
  readonly certificate: Uint8Array;
  /** PKCS#8. */
  readonly privateKey: Uint8Array;
  /** 'destroy': in order; 'leave': it ends with all of it open; 'terminate': it waits to be terminated. */
  readonly end: 'destroy' | 'leave' | 'terminate';
}

const { certificate, privateKey, end } = workerData as ServerThreadTask;
const { NeqoHttp3Server, ServerCredential } = loadServerAddon();
const credential = new ServerCredential([certificate], privateKey);
const servers = [1, 2].map(() => {
  const poll = bindServerSocket();
  const { status, events } = serverArrays();
  const engine = new NeqoHttp3Server(serverParams(poll), status, events);
  engine.setCredential('', credential);
  engine.processInput(1);
  engine.processOutput(1);
  poll.poll(READABLE);
  if (end === 'terminate') poll.ref();
  return { engine, poll };
});
parentPort?.postMessage(loadAddon().counters());
if (end === 'destroy') {
  credential.destroy();
  for (const { engine, poll } of servers) {
    engine.destroy();
    poll.close();
  }
}
