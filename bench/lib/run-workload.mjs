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

/** @typedef {import('./server.mjs').Server} Server */

/**
 * Starts what the contenders need: one server for all that bring none of their own.
 *
 * @param {Pick<import('./workload.mjs').Workload, 'id' | 'contenders' | 'startServer'>} workload
 * @param {Pick<Surroundings, 'site' | 'contenders'>} surroundings
 * @param {Server[]} started gets each server, also if a later one fails to start
 * @returns {Promise<ReadonlyMap<ContenderId, Server>>}
 */
async function startServers({ id, contenders: ids, startServer }, { site, contenders }, started) {
  const start = async (/** @type {import('./server.mjs').StartServer | undefined} */ starter) => {
    if (starter === undefined) throw new Error(`${id}: a contender has no server`);
    const server = await starter(site);
    started.push(server);
    return server;
  };
  const shared = ids.some((name) => contenders[name].startServer === undefined) ? await start(startServer) : undefined;
  /** @type {Map<ContenderId, Server>} */
  const servers = new Map();
  for (const name of ids) {
    const own = contenders[name].startServer;
    servers.set(name, own === undefined && shared !== undefined ? shared : await start(own));
  }
  return servers;
}

/**
 * @param {readonly ContenderId[]} ids
 * @param {Surroundings['contenders']} contenders
 * @returns {Promise<{ present: readonly ContenderId[], absent: readonly string[] }>}
 */
async function prepare(ids, contenders) {
  const [present, absent] = [/** @type {ContenderId[]} */ ([]), /** @type {string[]} */ ([])];
  for (const id of ids) {
    const obstacle = await contenders[id].obstacle?.();
    if (obstacle === undefined) present.push(id);
    else absent.push(`${contenders[id].label}: ${obstacle}`);
  }
  return { present, absent };
}

/**
 * @param {import('./workload.mjs').Workload} workload
 * @param {Surroundings} surroundings
 * @returns {Promise<{ measurements: ReadonlyMap<ContenderId, readonly Measurement[]>, absent: readonly string[] }>} `absent`: who could not
 *   be measured, and why
 * @throws {Error} if a server or a client fails, or a response has the wrong length
 */
export async function runWorkload(workload, { site, contenders, runs, progress, ...options }) {
  const { id, job, file } = workload;
  const [name, bytes] = file;
  const { present, absent } = await prepare(workload.contenders, contenders);
  /** @type {Map<ContenderId, Measurement[]>} */
  const measurements = new Map(present.map((contender) => [contender, []]));
  /** @type {Server[]} */
  const started = [];
  try {
    const servers = await startServers({ ...workload, contenders: present }, { site, contenders }, started);
    let done = 0;
    for (const contender of interleave(present, runs)) {
      const round = Math.floor(done / present.length);
      done += 1;
      progress(`${id}: run ${done} of ${runs * present.length}, ${contenders[contender].label}`);
      const server = servers.get(contender);
      if (server === undefined) throw new Error(`${id}: ${contender} has no server`);
      const task = { ...job, origin: server.origin, path: `/${name}`, caFile: site.caFile, certHash: site.certHash };
      await server.path?.beginRun(round);
      const measurement = await runClient(contenders[contender], task, server, options);
      if (measurement.bytes !== bytes * job.requests || measurement.requests !== job.requests) {
        const got = `${measurement.requests} responses with ${measurement.bytes} bytes`;
        throw new Error(`${contenders[contender].label}: ${got} instead of ${job.requests} with ${bytes} each`);
      }
      measurements.get(contender)?.push(measurement);
    }
  } finally {
    for (const server of started) await server.stop();
  }
  return { measurements, absent };
}
