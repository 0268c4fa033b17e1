import { ensureGoPeer } from './go-peer.js';
import { runProgram } from './run-child.js';

/** A response as quic-go's client saw it. */
export interface GoResponse {
  readonly status: number;
  /** `HTTP/3.0`. */
  readonly proto: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  readonly resumed: boolean;
}

/**
 * Fetches addresses with quic-go's client (`go-peer/client.go`), all at once on one connection. Whether there is a Go for it is told by
 * `goPeerObstacle`.
 * @param caFile PEM
 * @param bodyBytes posts so many bytes of the pattern instead
 * @throws Error with the client's output if one of them fails
 */
export async function runGoClient(urls: readonly string[], caFile: string, bodyBytes?: number): Promise<GoResponse[]> {
  const body = bodyBytes === undefined ? [] : ['-body-bytes', String(bodyBytes)];
  const { exitCode, stdout, stderr } = await runProgram(await ensureGoPeer(), [
    'client',
    '-ca',
    caFile,
    ...body,
    ...urls,
  ]);
  if (exitCode !== 0) throw new Error(`quic-go's client failed (exit code ${exitCode})\n${stderr}`);
  return JSON.parse(stdout) as GoResponse[];
}
