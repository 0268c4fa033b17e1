/** A worker thread that ends while it has pairs of virtual fds open. */
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { loadAddon } from '../../src/native.js';
import { loadServerAddon } from '../../src/native-server.js';

export interface PairHolderTask {
  readonly pairs: number;
  /** Virtual fds that become sockets. */
  readonly sockets: number;
  /** 'return': it ends by itself; 'terminate': it waits to be terminated. */
  readonly end: 'return' | 'terminate';
}

const { pairs, sockets, end } = workerData as PairHolderTask;
const fds = loadServerAddon().socketPairs(pairs);
if (typeof fds === 'number') throw new Error(`no pairs: ${fds}`);
for (let index = 0; index < sockets; index += 1) {
  const socket = new Socket({ fd: fds[2 * index], readable: true }).resume();
  if (end === 'return') socket.unref();
}
parentPort?.postMessage(loadAddon().counters().virtualFds);
