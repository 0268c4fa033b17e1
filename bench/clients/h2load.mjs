/** h2load (Debian package nghttp2-client): the load client for servers of HTTP/2. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SECONDS = { s: 1, ms: 1e-3, us: 1e-6 };

/** @type {import('../lib/job.mjs').Target & import('../lib/job.mjs').Job} */
const { origin, path, requests, concurrency, connections = 1 } = JSON.parse(process.argv[2] ?? '');
const args = ['-n', String(requests), '-c', String(connections), '-m', String(concurrency), origin + path];
// "times" (POSIX) prints the processor time of the shell, and in its second line that of what it ran.
const { stdout } = await promisify(execFile)('sh', ['-c', 'h2load "$@" && times', 'sh', ...args]);

/** @param {RegExp} pattern @returns {string[]} its groups */
function find(pattern) {
  const match = pattern.exec(stdout);
  if (match === null) throw new Error(`h2load's output has no ${pattern}\n${stdout}`);
  return match.slice(1);
}

const [time, unit] = find(/^finished in ([\d.]+)(s|ms|us),/m);
const [succeeded] = find(/, (\d+) succeeded,/);
const [good] = find(/^status codes: (\d+) 2xx/m);
const [bytes] = find(/\((\d+)\) data$/m);
const [userMinutes, user, systemMinutes, system] = find(/^[\dms. ]+\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/m);
const result = {
  bytes: Number(bytes),
  requests: Math.min(Number(succeeded), Number(good)),
  seconds: Number(time) * SECONDS[/** @type {keyof typeof SECONDS} */ (unit)],
  cpuSeconds: (Number(userMinutes) + Number(systemMinutes)) * 60 + Number(user) + Number(system),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
