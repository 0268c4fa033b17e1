import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnce } from './peer-tools.js';
import { runProgram } from './run-child.js';

const SOURCES = fileURLToPath(new URL('../webtransport/peers/go/', import.meta.url));
const inSources = { cwd: SOURCES, deadlineMs: 300_000 };

/** The newest version, and the last one of those that speak draft 02 alone. */
export type WebTransportGoGeneration = 'latest' | 'draft02';

const GENERATIONS = {
  latest: { minimumGo: [1, 26], flags: [] },
  draft02: { minimumGo: [1, 24], flags: ['-modfile=draft02.mod', '-tags=draft02'] },
} as const;

/**
 * Builds the peer (`test/webtransport/peers/go`) into the cache, once for each version of it and of Go. It takes a minute.
 * @returns path of the program
 * @throws Error that says that Go is missing or too old, that modules cannot be fetched, or what the compiler wrote
 */
export async function ensureWebTransportGo(generation: WebTransportGoGeneration): Promise<string> {
  const { minimumGo, flags } = GENERATIONS[generation];
  const version = await goVersion();
  const [major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  if (major < minimumGo[0] || (major === minimumGo[0] && minor < minimumGo[1])) {
    throw new Error(`${version} is older than ${minimumGo.join('.')}`);
  }
  const hash = createHash('sha256').update(version);
  for (const name of (await readdir(SOURCES)).sort()) hash.update(name).update(await readFile(join(SOURCES, name)));
  const name = `webtransport-go-${generation}-${hash.digest('hex').slice(0, 16)}`;
  const directory = await installOnce(name, async (partial) => {
    const args = ['build', '-trimpath', '-buildvcs=false', ...flags, '-o', join(partial, 'peer'), '.'];
    const { exitCode, stdout, stderr } = await runProgram('go', args, inSources);
    if (exitCode !== 0) throw new Error(`go ${args.join(' ')} failed (exit code ${exitCode})\n${stdout}${stderr}`);
  });
  return join(directory, 'peer');
}

async function goVersion(): Promise<string> {
  const outcome = await runProgram('go', ['env', 'GOVERSION']).catch(() => undefined);
  if (outcome?.exitCode !== 0) throw new Error('Go is not installed');
  return outcome.stdout.trim();
}
