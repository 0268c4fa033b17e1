/**
 * The client program of all libraries for Node: does the job in one session, and prints the result. The time begins when the session
 * is ready.
 *
 * Usage: node client.mjs TASK LIBRARY
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXCHANGES } from './exchanges.mjs';

/** @typedef {import('../lib/job.mjs').Target & import('../lib/job.mjs').Job} Task */

const MICROSECONDS = 1e6;
/** The server should learn that the session is over; that it has is not worth more. */
const FAREWELL_MS = 500;

const [, , taskText = '', libraryName] = process.argv;
/** @type {Task} */
const { origin, path, certHash, requests, concurrency, webTransport } = JSON.parse(taskText);
if (webTransport === undefined) throw new Error('not a job for WebTransport');
/** @type {import('./library.mjs').Library} */
const library = await import(`./libraries/${libraryName}.mjs`);
const session = await library.connect(`${origin}${path}`, Buffer.from(certHash, 'hex'));
const began = performance.now();
const cpu = process.cpuUsage();
const { exchange, bytes } = webTransport;
const outcome = await EXCHANGES[exchange](session, { requests, concurrency, bytes });
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({ ...outcome, requests, seconds, cpuSeconds: (user + system) / MICROSECONDS })}\n`,
);
session.close();
await Promise.race([session.closed.catch(() => undefined), sleep(FAREWELL_MS)]);
process.exit(0);
