/** Fetches a URL with the shell client: what was negotiated, the headers, a progress bar, and a summary. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../lib/layout.mjs';
import { parseArguments } from './library.mjs';

const FORMAT = [
  '',
  '  status        %{http_code} (HTTP/%{http_version})',
  '  received      %{size_download} bytes, %{speed_download} a second',
  '  resumed       %{resumed}; 0-RTT %{early_data}',
  '  seconds       look-up %{time_namelookup}, handshake %{time_appconnect}, first byte %{time_starttransfer}, total %{time_total}',
  '',
].join('\\n');

/**
 * @param {readonly string[]} args a URL, and whatever else the shell client takes
 * @param {AbortSignal} signal ends it
 * @returns {Promise<number>} its exit code
 */
export async function fetchUrl(args, signal) {
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-demo-'));
  const body = join(directory, 'body');
  try {
    const main = join(projectRoot, 'dist/esm/cli/main.js');
    // A body that would fill the terminal goes to a file, of which the hash is shown.
    const output = wantsOutput(args) ? ['-o', body] : [];
    const child = spawn(process.execPath, [main, '-v', '-w', FORMAT, ...output, ...args], { stdio: 'inherit' });
    // A terminal's Ctrl-C reaches the child by itself; a second SIGINT would end it before it has put the terminal in order.
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const [exitCode] = await once(child, 'close');
    if (exitCode === 0 && output.length > 0) process.stdout.write(`  SHA-256       ${await sha256(body)}\n`);
    return exitCode ?? 1;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** @param {readonly string[]} args @returns {boolean} whether they name one URL and no place for its body */
function wantsOutput(args) {
  try {
    const command = parseArguments(args);
    const targets = command.kind === 'transfer' ? command.options.targets : [];
    return targets.length === 1 && targets.every(({ output }) => output.kind === 'stdout' && !output.explicit);
  } catch {
    // The client itself says what is wrong with them.
    return false;
  }
}

/** @param {string} path */
async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
