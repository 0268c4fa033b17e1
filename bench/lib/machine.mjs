/** The machine and the software, as far as they bear on the figures. */
import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { CLIENT_CORE, SERVER_CORE } from './pinning.mjs';

const execFileAsync = promisify(execFile);

/**
 * @param {boolean} bound whether client and server have a core each
 * @param {readonly string[]} servers names and versions
 * @returns {Promise<string>} one line
 */
export async function describeMachine(bound, servers) {
  const cores = cpus();
  const rust = await execFileAsync('rustc', ['--version']).then(
    ({ stdout }) => stdout.split(' ').slice(0, 2).join(' '),
    () => 'rustc ?',
  );
  const parts = [
    `${cores.length} × ${cores[0]?.model.trim() ?? '?'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${type()} ${release()}`,
    `Node ${process.versions.node}`,
    rust,
    ...servers,
    bound
      ? `client on core ${CLIENT_CORE}, server on core ${SERVER_CORE}`
      : 'client and server share the cores (no taskset, or one core)',
  ];
  return parts.join('; ');
}

/** Load average of an idle machine, with room for what the run itself just did. */
const IDLE_LOAD = 1;

/** @returns {string | undefined} a warning if other programs use the machine, as far as the load of the last minute tells */
export function warnOfLoad() {
  const [load = 0] = loadavg();
  return load > IDLE_LOAD
    ? `Load average ${load.toFixed(1)}: something else runs, or just ran; expect noise.`
    : undefined;
}
