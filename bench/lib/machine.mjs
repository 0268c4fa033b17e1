/** The machine and the software, as far as they bear on the figures. */
import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
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
