import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aioquicEnvironment, ensureAioquic } from '../../support/aioquic-install.js';
import { runProgram } from '../../support/run-child.js';

/** Of a program, in milliseconds; longer than its own. */
export const PROGRAM_DEADLINE_MS = 60_000;

/** How to run a program of `aioquic/` that is a client. `remove` removes what it needs. @param ca PEM */
export async function aioquicCommand(
  name: string,
  url: string,
  ca: string,
  args: readonly string[],
): Promise<{ readonly file: string; readonly args: readonly string[]; remove(): Promise<void> }> {
  const file = await ensureAioquic();
  const program = fileURLToPath(new URL(`./aioquic/${name}`, import.meta.url));
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-webtransport-'));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, ca);
  return {
    file,
    args: [program, '--ca', caFile, ...args, url],
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Runs a program of `aioquic/` that is a client to its end.
 *
 * @param name of the file
 * @param ca PEM
 * @returns what it printed
 * @throws Error with its output if it fails
 */
export async function runAioquicProgram(
  name: string,
  url: string,
  ca: string,
  args: readonly string[],
): Promise<unknown> {
  const command = await aioquicCommand(name, url, ca, args);
  try {
    const options = { env: aioquicEnvironment, deadlineMs: PROGRAM_DEADLINE_MS };
    const { exitCode, stdout, stderr } = await runProgram(command.file, command.args, options);
    if (exitCode !== 0) throw new Error(`${name} failed (exit code ${exitCode})\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  } finally {
    await command.remove();
  }
}
