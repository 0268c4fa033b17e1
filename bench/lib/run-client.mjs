/** One run of one client program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onClientCore } from './pinning.mjs';
import { cpuSecondsOf } from './process-cpu.mjs';

/** Nothing here takes as long on any machine: a run beyond it hangs. */
const DEADLINE_MS = 10 * 60 * 1000;

/**
 * @typedef {import('./job.mjs').Result & { serverCpuSeconds: number }} Measurement `serverCpuSeconds`: the server's in the time of the
 *   whole run, the client's start included
 */

/**
 * @param {import('./contenders.mjs').Contender} contender
 * @param {import('./job.mjs').Target & import('./job.mjs').Job} task
 * @param {import('./server.mjs').Server} server
 * @param {{ bound: boolean, signal: AbortSignal }} options `bound`: clients get a core of their own; `signal` ends the client
 * @returns {Promise<Measurement>}
 * @throws {Error} if the client fails or does not answer, or the signal came
 */
export async function runClient(contender, task, { pid: serverPid, path }, { bound, signal }) {
  const [client, ...clientArgs] = contender.command(task);
  const [program, ...programArgs] = path?.clientCommand(client, clientArgs) ?? [client, ...clientArgs];
  const [file, args] = onClientCore(bound, program, programArgs);
  const before = await cpuSecondsOf(serverPid);
  const child = spawn(file, args, {
    env: { ...process.env, ...contender.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const [code, killedBy] = await once(child, 'close');
  if (code !== 0) throw new Error(`${contender.label}: ended with ${killedBy ?? `exit code ${code}`}\n${errors}`);
  /** @type {import('./job.mjs').Result} */
  const result = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  return { ...result, serverCpuSeconds: (await cpuSecondsOf(serverPid)) - before };
}
