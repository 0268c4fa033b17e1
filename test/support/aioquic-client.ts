import { join } from 'node:path';
import { aioquicEnvironment, aioquicScripts, ensureAioquic } from './aioquic-install.js';
import { runProgram } from './run-child.js';

/** A response as aioquic's client saw it. */
export interface AioquicResponse {
  readonly path: string;
  /** Header sections in order: interim ones, the final one, trailers. */
  readonly sections: readonly (readonly (readonly [string, string])[])[];
  readonly bytes: number;
  /** In hex; absent if the response did not end properly. */
  readonly sha256?: string;
  /** Error code of a RESET_STREAM. */
  readonly reset?: number;
  /** Error code that the connection was closed with, and its reason. */
  readonly closed?: number;
  readonly reason?: string;
}

/** What `aioquic/client.py` found. */
export interface AioquicClientResult {
  readonly resumed: boolean;
  /** Whether the server accepted 0-RTT. */
  readonly earlyData: boolean;
  /** The server's transport parameters (RFC 9000 18.2); those of the earlier session if this one began with 0-RTT. */
  readonly limits: {
    readonly maxStreamsBidi: number;
    readonly maxStreamsUni: number;
    readonly maxData: number;
    readonly maxStreamData: number;
    readonly idleTimeoutMs: number | null;
    readonly datagrams: boolean;
  };
  readonly responses: readonly AioquicResponse[];
}

/**
 * Fetches paths with aioquic's client, to check servers with an implementation that is not ours.
 * @param args those of `aioquic/client.py`: options and paths
 * @throws Error with the client's output if it could not connect
 */
export async function runAioquicClient(port: number, args: readonly string[]): Promise<AioquicClientResult> {
  const python = await ensureAioquic();
  const script = join(aioquicScripts, 'client.py');
  const { exitCode, stdout, stderr } = await runProgram(python, [script, '--port', String(port), ...args], {
    env: aioquicEnvironment,
  });
  if (exitCode !== 0) {
    throw new Error(`aioquic's client failed (exit code ${exitCode})\n${stderr}`);
  }
  return JSON.parse(stdout) as AioquicClientResult;
}
