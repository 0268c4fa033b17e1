/** Worker module that tells what its thread was given, and tells workerData when it is prepared and closed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';

const marks = workerData as Int32Array;

export async function init(): Promise<void> {
  await delay(10);
  Atomics.add(marks, 0, 1);
}

export function request(_req: IncomingMessage, res: ServerResponse): void {
  res.end([process.env.GIVEN, process.argv.slice(2).join(' '), Atomics.load(marks, 0)].join());
}

export async function close(): Promise<void> {
  // A thread that has something left to do ends all the same.
  setInterval(() => undefined, 1000);
  await delay(10);
  Atomics.add(marks, 1, 1);
}
