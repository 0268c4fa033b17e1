/**
 * The main program of every client in JavaScript: does the job with an adapter to one library, and prints the result.
 */
import { readFile } from 'node:fs/promises';
import { summarise } from './statistics.mjs';

/** @typedef {import('./job.mjs').Job} Job */
/** @typedef {import('./job.mjs').Target} Target */

/**
 * @template Session
 * @typedef {object} Adapter
 * @property {(target: Target & Job, ca: string) => Session | Promise<Session>} open a session with one connection, or with as many as its
 *   protocol needs for the requests in flight; `ca` is PEM
 * @property {(session: Session, target: Target & Job) => Promise<number>} get fetches the path, throws the body away and returns its length; fails
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
  /** @type {number[]} */
  const latencies = [];
  const bytes = task.fresh ? await oneByOne(adapter, task, ca) : await together(adapter, task, ca, latencies);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const medianSeconds = latencies.length > 0 ? summarise(latencies).median / 1000 : undefined;
  const result = { bytes, requests: task.requests, seconds, medianSeconds, cpuSeconds: (user + system) / MICROSECONDS };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

/**
 * @template Session
 * @param {Adapter<Session>} adapter
 * @param {Target & Job} task
 * @param {string} ca
 * @param {number[]} latencies gets the time of each request in milliseconds
 * @returns {Promise<number>} bytes
 */
async function together(adapter, task, ca, latencies) {
  const session = await adapter.open(task, ca);
  let bytes = 0;
  let left = task.requests;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const began = performance.now();
      const length = await adapter.get(session, task);
      latencies.push(performance.now() - began);
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
