/**
 * The client of the agent soak, in a process of its own, which has to end by itself. Prints lines of JSON: samples of its memory, and
 * last what is left after the agent is closed. Its argument is JSON: {@link LoadTask}.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAddon } from '../../src/native.js';
import { Http3Agent } from '../../src/undici.js';
import { collectGarbage } from '../../test/support/memory.js';
import { kindOf } from './agent-requests.mjs';

/**
 * @typedef {object} LoadTask
 * @property {string} origin
 * @property {string} ca PEM
 * @property {number} requests
 * @property {number} samples
 */

/**
 * @typedef {object} MemorySample after a collection of garbage, with requests in flight
 * @property {'sample'} type
 * @property {number} done requests
 * @property {number} seconds
 * @property {NodeJS.MemoryUsage} memory
 */

/**
 * @typedef {object} Leftovers
 * @property {'end'} type
 * @property {number} seconds
 * @property {Readonly<Record<string, number>>} failures how often, by kind of request and error
 * @property {Readonly<Record<string, number>>} native objects that exist
 * @property {number} descriptors more than before the agent
 * @property {readonly string[]} resources that keep the event loop alive, more than before
 */

const IN_FLIGHT = 100;
/** A closed connection answers late packets for three probe timeouts (RFC 9000 10.2), and then some time. */
const LAST_CLOSE_MS = 3000;

/** @type {LoadTask} */
const { origin, ca, requests, samples } = JSON.parse(process.argv[2] ?? '');

/** @param {MemorySample | Leftovers} line */
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const countDescriptors = () => readdirSync('/proc/self/fd').length;
const secondsSince = (/** @type {number} */ began) => (performance.now() - began) / 1000;

/** @param {unknown} error */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.name}: ${error.cause.message})` : '';
  return `${error.name} ${'code' in error ? error.code : ''} ${error.message}${cause}`;
}

/** @type {Map<string, number>} */
const failures = new Map();
const began = performance.now();

/** Makes the agent, uses it and closes it; afterwards nothing here refers to it. */
async function useAgent() {
  const dispatcher = new Http3Agent({ protocol: 'h3', connect: { ca } });
  let begun = 0;
  let done = 0;
  const work = async () => {
    while (begun < requests) {
      const kind = kindOf(begun);
      begun += 1;
      await kind({ origin, dispatcher }).catch((error) => {
        const failure = `${kind.name}: ${describe(error)}`;
        failures.set(failure, (failures.get(failure) ?? 0) + 1);
      });
      done += 1;
      if (done % Math.ceil(requests / samples) === 0) {
        await collectGarbage();
        print({ type: 'sample', done, seconds: secondsSince(began), memory: process.memoryUsage() });
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  await collectGarbage();
  await dispatcher.close();
}

const addon = loadAddon();
print({ type: 'sample', done: 0, seconds: 0, memory: process.memoryUsage() });
const descriptorsBefore = countDescriptors();
const resourcesBefore = process.getActiveResourcesInfo();
await useAgent();
await sleep(LAST_CLOSE_MS);
await collectGarbage();
const resources = process.getActiveResourcesInfo();
for (const resource of resourcesBefore) {
  const at = resources.indexOf(resource);
  if (at >= 0) resources.splice(at, 1);
}
print({
  type: 'end',
  seconds: secondsSince(began),
  failures: Object.fromEntries(failures),
  native: { ...addon.counters() },
  descriptors: countDescriptors() - descriptorsBefore,
  resources,
});
