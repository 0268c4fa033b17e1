import { buildNativeExample } from './native-example.js';
import { runProgram } from './run-child.js';

const DEFAULT_DEADLINE_MS = 120_000;

export interface FloodOptions {
  /** IPv4 loopback address; default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Datagrams in all; default 1,000,000. */
  readonly count?: number;
  /** Datagrams a second; 0 for no limit. Default 50,000. */
  readonly rate?: number;
  /** Percent of them that are well-formed Initials; default 50. */
  readonly initials?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default 120,000. */
  readonly deadlineMs?: number;
}

export interface FloodReport {
  readonly sent: number;
  readonly initials: number;
  /** Not sent because the socket was full. */
  readonly dropped: number;
  readonly seconds: number;
  /** Datagrams that came back, by their first packet; not all are read. */
  readonly answers: {
    readonly initials: number;
    readonly retries: number;
    readonly versionNegotiations: number;
    readonly handshakes: number;
    readonly shortHeaders: number;
    readonly other: number;
  };
}

/**
 * Floods a server with garbage and well-formed Initials from addresses all over 127.0.0.0/8 (`native/neqo-ffi/examples/flood`).
 * @throws Error with the program's output if it fails or has not ended by the deadline
 */
export async function runFlood(options: FloodOptions): Promise<FloodReport> {
  const program = await buildNativeExample('flood');
  const { host = '127.0.0.1', port, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const numbers = {
    '--count': options.count,
    '--rate': options.rate,
    '--initials': options.initials,
    '--seed': options.seed,
  };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  const args = [host, String(port), ...given.flatMap(([name, value]) => [name, String(value)])];
  const { exitCode, stdout, stderr } = await runProgram(program, args, { deadlineMs });
  if (exitCode !== 0) throw new Error(`the flood failed (exit code ${exitCode})\n${stdout}${stderr}`);
  return JSON.parse(stdout) as FloodReport;
}
