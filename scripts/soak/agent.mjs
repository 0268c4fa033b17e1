/** 1,000,000 requests of all kinds through one Http3Agent: memory stays flat, nothing is left after close, and the process ends by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeCa, makeCert } from '../../test/support/certs.js';
import { PeerProcess } from '../../test/support/peer-process.js';

/** @typedef {import('./agent-load.mjs').MemorySample} MemorySample */
/** @typedef {import('./agent-load.mjs').Leftovers} Leftovers */

const TYPESCRIPT = new URL('../../test/support/register-typescript.mjs', import.meta.url).href;
const SAMPLES = 20;
/** The sample from which on caches and pools have what they need: after 20 %. */
const WARM_SAMPLE = SAMPLES / 5;
const MEBIBYTE = 2 ** 20;
const START_DEADLINE_MS = 30_000;
/** No timer of the agent or of undici may keep a process for as long once all is closed. */
const EXIT_DEADLINE_MS = 30_000;

/** @param {string} name of a module beside this one @param {unknown} task @returns {string[]} arguments of Node */
const moduleArguments = (name, task) => [
  '--import',
  TYPESCRIPT,
  fileURLToPath(new URL(name, import.meta.url)),
  JSON.stringify(task),
];

/** @param {string} key PEM @param {string} cert PEM */
async function startServer(key, cert) {
  /** @type {(line: string) => void} */
  let onLine = () => undefined;
  /** @type {Promise<string>} */
  const listening = new Promise((resolve) => {
    onLine = resolve;
  });
  const peer = new PeerProcess(process.execPath, moduleArguments('agent-server.mjs', { key, cert }), { onLine });
  try {
    const { port } = JSON.parse(await peer.expect('should listen', listening, START_DEADLINE_MS));
    return { peer, origin: `https://127.0.0.1:${port}` };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}

/**
 * Runs the client to its end.
 *
 * @param {import('./agent-load.mjs').LoadTask} task
 * @param {(sample: MemorySample) => void} onSample
 * @returns {Promise<Leftovers>}
 * @throws {Error} if it fails, or does not end by itself
 */
async function runLoad(task, onSample) {
  const child = spawn(process.execPath, moduleArguments('agent-load.mjs', task), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  /** @type {Leftovers | undefined} */
  let leftovers;
  /** @type {NodeJS.Timeout | undefined} */
  let deadline;
  createInterface(child.stdout).on('line', (text) => {
    /** @type {MemorySample | Leftovers} */
    const line = JSON.parse(text);
    if (line.type === 'sample') {
      onSample(line);
      return;
    }
    leftovers = line;
    deadline = setTimeout(() => child.kill('SIGKILL'), EXIT_DEADLINE_MS);
  });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  const [code, signal] = await exited;
  process.off('exit', stop);
  clearTimeout(deadline);
  if (leftovers !== undefined && signal !== null)
    throw new Error(`the client did not end by itself: ${JSON.stringify(leftovers)}`);
  if (leftovers === undefined || code !== 0) throw new Error(`the client ended with ${signal ?? `exit code ${code}`}`);
  return leftovers;
}

/** @param {MemorySample} sample */
function describeSample({ done, seconds, memory: { rss, heapUsed, external, arrayBuffers } }) {
  const [resident, heap, outside, buffers] = [rss, heapUsed, external, arrayBuffers].map((bytes) =>
    (bytes / MEBIBYTE).toFixed(1),
  );
  const rate = seconds > 0 ? `, ${Math.round(done / seconds)} requests/s` : '';
  return `${done} requests: ${resident} MiB resident, ${heap} MiB heap, ${outside} MiB external (${buffers} MiB buffers)${rate}`;
}

/**
 * @param {object} options
 * @param {number} options.requests
 * @param {(line: string) => void} options.say
 * @throws {Error} if a request did not end as it must, or something is left
 */
export async function agentRequests({ requests, say }) {
  const ca = await makeCa();
  const { certPem, keyPem } = await makeCert({ ca, ips: ['127.0.0.1'] });
  const { peer, origin } = await startServer(keyPem, certPem);
  try {
    /** @type {number[]} */
    const resident = [];
    const end = await runLoad({ origin, ca: ca.certPem, requests, samples: SAMPLES }, (sample) => {
      resident.push(sample.memory.rss);
      say(describeSample(sample));
    });
    const ratio = (resident.at(-1) ?? Number.NaN) / (resident[WARM_SAMPLE] ?? Number.NaN);
    say(`memory at the end to memory after 20 %: ${ratio.toFixed(3)}`);
    const { failures, native, descriptors, resources } = end;
    for (const [failure, count] of Object.entries(failures)) say(`  failed ${count} times: ${failure}`);
    say(
      `after close: native objects ${JSON.stringify(native)}; ${descriptors} descriptors and [${resources}] more than before`,
    );
    say('the process ended by itself');
    // Verifiers are kept for the next agent with the same trust anchors; there is one set here.
    const { verifiers = 0, ...held } = native;
    const objects = Object.values(held).reduce((sum, count) => sum + count, Math.max(verifiers - 1, 0));
    const left = objects + descriptors + resources.length;
    if (Object.keys(failures).length > 0 || left > 0) throw new Error('requests failed, or something is left');
  } finally {
    await peer.stop();
  }
}
