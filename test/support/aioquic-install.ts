import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTool, installOnce } from './peer-tools.js';
import { type ChildOutcome, runProgram } from './run-child.js';

/** Folder of the scripts that run on aioquic, with a slash at its end. */
export const aioquicScripts: string = fileURLToPath(new URL('./aioquic/', import.meta.url));

/** Keeps Python from writing its cache into the checkout, and output from waiting in a buffer. */
export const aioquicEnvironment = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' } as const;

const INSTALL_DEADLINE_MS = 300_000;
const REQUIREMENTS = join(aioquicScripts, 'requirements.txt');

function runPython(...args: string[]): Promise<ChildOutcome> {
  return runProgram('python3', args);
}

async function runChecked(file: string, args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runProgram(file, args, { deadlineMs: INSTALL_DEADLINE_MS });
  if (exitCode !== 0) {
    throw new Error(`${file} ${args.join(' ')} failed (exit code ${exitCode})\n${stdout}${stderr}`);
  }
}

async function install(directory: string): Promise<void> {
  await runChecked('python3', ['-m', 'venv', directory]);
  // Wheels only: nothing is compiled, and no package's own build script runs.
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  await runChecked(join(directory, 'bin/python'), ['-m', 'pip', 'install', ...options, '-r', REQUIREMENTS]);
}

/**
 * Installs aioquic and what it needs, at pinned versions, into the cache; once for each Python and list of versions.
 * @returns path of the Python that has it
 * @throws Error that says what is missing, or what pip wrote
 */
export async function ensureAioquic(): Promise<string> {
  await ensureTool({
    name: 'python3 with venv',
    packages: ['python3', 'python3-venv'],
    isThere: async () => (await runPython('-c', 'import ensurepip, venv').catch(() => undefined))?.exitCode === 0,
  });
  const { stdout: interpreter } = await runPython('-c', 'import sys; print(sys.version, sys.executable)');
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const key = createHash('sha256').update(requirements).update(interpreter).digest('hex').slice(0, 16);
  return join(await installOnce(`aioquic-${key}`, install), 'bin/python');
}
