/**
 * The main program of every client in JavaScript: does the job with an adapter to one library, and prints the result.
 */
import { readFile } from 'node:fs/promises';

/** @typedef {import('./job.mjs').Job} Job */
/** @typedef {import('./job.mjs').Target} Target */

/**
 * @template Session
 * @typedef {object} Adapter
 * @property {(target: Target, ca: string) => Session | Promise<Session>} open a session with one connection; `ca` is PEM
 * @property {(session: Session, target: Target) => Promise<number>} get fetches the path, throws the body away and returns its length; fails
 *   unless the status is 200
 * @property {(session: Session) => void} close begins the end of the session
 */

const MICROSECONDS = 1e6;

/**
 * @template Session
 * @param {Adapter<Session>} adapter
 */
export async function runClientProgram(adapter) {
  /** @type {Target & Job} */
  const task = JSON.parse(process.argv[2] ?? '');
  const ca = await readFile(task.caFile, 'utf8');
  const began = performance.now();
  const cpu = process.cpuUsage();
  const bytes = task.fresh ? await oneByOne(adapter, task, ca) : await together(adapter, task, ca);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const result = { bytes, requests: task.requests, seconds, cpuSeconds: (user + system) / MICROSECONDS };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

/**
 * @template Session
 * @param {Adapter<Session>} adapter
 * @param {Target & Job} task
 * @param {string} ca
 * @returns {Promise<number>} bytes
 */
async function together(adapter, task, ca) {
  const session = await adapter.open(task, ca);
  let bytes = 0;
  let left = task.requests;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const length = await adapter.get(session, task);
      bytes += length;
    }
  };
  await Promise.all(Array.from({ length: task.concurrency }, work));
  return bytes;
}

/**
 * @template Session
 * @param {Adapter<Session>} adapter
 * @param {Target & Job} task
 * @param {string} ca
 * @returns {Promise<number>} bytes
 */
async function oneByOne(adapter, task, ca) {
  let bytes = 0;
  for (let left = task.requests; left > 0; left -= 1) {
    const session = await adapter.open(task, ca);
    bytes += await adapter.get(session, task);
    // Like the Rust example: the close is sent, its end is not waited for.
    adapter.close(session);
  }
  return bytes;
}
