import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNgtcp2 } from './ngtcp2-install.js';
import { runProgram } from './run-child.js';

export interface Ngtcp2Download {
  /** In the order of the paths. */
  readonly files: readonly { readonly bytes: number; readonly sha256: string }[];
  /** Everything the client wrote: header fields and, unless quiet, packets and frames. */
  readonly log: string;
}

/**
 * Downloads from a server with ngtcp2's client, all paths on one connection. It does not verify certificates.
 * @param origin such as `https://127.0.0.1:4433`
 * @param paths without folders and queries: they name the files
 * @param args further options of the client, such as `--key-update=100ms`
 * @throws Error with what the client wrote if it fails or a file is missing
 */
export async function downloadWithNgtcp2(
  origin: string,
  paths: readonly string[],
  args: readonly string[] = ['--quiet'],
): Promise<Ngtcp2Download> {
  const { client, env } = await ensureNgtcp2();
  const { hostname, port } = new URL(origin);
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-ngtcp2-'));
  try {
    const options = [`--download=${directory}`, '--exit-on-all-streams-close', ...args];
    const urls = paths.map((path) => origin + path);
    const { exitCode, stdout, stderr } = await runProgram(client, [...options, hostname, port, ...urls], { env });
    const log = stdout + stderr;
    if (exitCode !== 0) throw new Error(`ngtcp2's client failed (exit code ${exitCode})\n${log}`);
    const read = async (path: string) => {
      const content = await readFile(join(directory, new URL(path, origin).pathname)).catch(() => {
        throw new Error(`ngtcp2's client did not save ${path}\n${log}`);
      });
      return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    };
    return { files: await Promise.all(paths.map(read)), log };
  } finally {
    await rm(directory, { recursive: true });
  }
}
