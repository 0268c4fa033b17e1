/** Runs one workload: all contenders against one server, interleaved. */
import { interleave } from './interleave.mjs';
import { runClient } from './run-client.mjs';

/** @typedef {import('./contenders.mjs').ContenderId} ContenderId */
/** @typedef {import('./run-client.mjs').Measurement} Measurement */

/**
 * @typedef {object} Surroundings
 * @property {import('./site.mjs').Site} site
 * @property {Readonly<Record<ContenderId, import('./contenders.mjs').Contender>>} contenders
 * @property {boolean} bound whether client and server have a core each
 * @property {number} runs
 * @property {(line: string) => void} progress
 * @property {AbortSignal} signal ends the run
 */

/**
 * @param {import('./workload.mjs').Workload} workload
 * @param {Surroundings} surroundings
 * @returns {Promise<ReadonlyMap<ContenderId, readonly Measurement[]>>}
 * @throws {Error} if a server or a client fails, or a response has the wrong length
 */
export async function runWorkload(workload, { site, contenders, runs, progress, ...options }) {
  const { id, job, file, startServer } = workload;
  const [name, bytes] = file;
  /** @type {Map<ContenderId, Measurement[]>} */
  const measurements = new Map(workload.contenders.map((contender) => [contender, []]));
  const server = await startServer(site);
  try {
    const task = { ...job, origin: server.origin, path: `/${name}`, caFile: site.caFile };
    let done = 0;
    for (const contender of interleave(workload.contenders, runs)) {
      done += 1;
      progress(`${id}: run ${done} of ${runs * workload.contenders.length}, ${contenders[contender].label}`);
      const measurement = await runClient(contenders[contender], task, server.pid, options);
      if (measurement.bytes !== bytes * job.requests || measurement.requests !== job.requests) {
        const got = `${measurement.requests} responses with ${measurement.bytes} bytes`;
        throw new Error(`${contenders[contender].label}: ${got} instead of ${job.requests} with ${bytes} each`);
      }
      measurements.get(contender)?.push(measurement);
    }
  } finally {
    await server.stop();
  }
  return measurements;
}
