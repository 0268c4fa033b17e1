import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aioquicEnvironment, ensureAioquic } from '../../support/aioquic-install.js';
import { runProgram } from '../../support/run-child.js';

/** Of a program, in milliseconds; longer than its own. */
export const PROGRAM_DEADLINE_MS = 60_000;

/**
 * Runs a program of `aioquic/` that opens sessions of its own accord, to its end.
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
  const program = fileURLToPath(new URL(`./aioquic/${name}`, import.meta.url));
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-webtransport-'));
  try {
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, ca);
    const { exitCode, stdout, stderr } = await runProgram(
      await ensureAioquic(),
      [program, '--ca', caFile, ...args, url],
      { env: aioquicEnvironment, deadlineMs: PROGRAM_DEADLINE_MS },
    );
    if (exitCode !== 0) throw new Error(`${name} failed (exit code ${exitCode})\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
