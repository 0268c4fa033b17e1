import { buildNativeExample } from './native-example.js';
import { PeerProcess } from './peer-process.js';
import { runProgram } from './run-child.js';

const DEFAULT_DEADLINE_MS = 120_000;

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What the load client counted, since its last report. */
export interface LoadReport {
  readonly seconds: number;
  /** Processor time of the client. */
  readonly cpuSeconds: number;
  /** Of bodies. */
  readonly bytes: number;
  /** Answered with 200 and the right body. */
  readonly requests: number;
  readonly failed: number;
  readonly connected: number;
  /** Connections that did not come about, or ended without being asked to. */
  readonly connectionsFailed: number;
  /** Absent if there were none. */
  readonly handshakeMs: Percentiles | null;
  readonly latencyMs: Percentiles | null;
  /** How often by reason. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface LoadOptions {
  /** Such as `https://127.0.0.1:4433`. */
  readonly origin: string;
  /** `{n}` in it stands for the number of the request. */
  readonly path: string;
  /** Incomplete handshakes at once, at most. Default 100. */
  readonly handshakes?: number;
  /** Default 30. */
  readonly idleTimeoutSeconds?: number;
  /** Bytes that each body must have. */
  readonly length?: number;
  /** Bodies must be the bytes 0 to 250 over and over, beginning with `{n}` modulo 251. */
  readonly pattern?: boolean;
  /** For a run, or for each command to held connections. Default 120,000. */
  readonly deadlineMs?: number;
}

export interface LoadRunOptions extends LoadOptions {
  /** In all; default 1. */
  readonly requests?: number;
  /** Default 1. */
  readonly connections?: number;
  /** Requests in flight on each connection, at most. Default 1. */
  readonly concurrency?: number;
  /** Requests after which a connection is closed and another one made. Default: no end. */
  readonly perConnection?: number;
}

/** Arguments of the load client (`native/neqo-ffi/examples/load`). */
export function loadArguments(mode: 'run' | 'hold', options: LoadRunOptions): string[] {
  const { hostname, port } = new URL(options.origin);
  const numbers = {
    '--requests': options.requests,
    '--connections': options.connections,
    '--concurrency': options.concurrency,
    '--per-connection': options.perConnection,
    '--handshakes': options.handshakes,
    '--idle-timeout': options.idleTimeoutSeconds,
    '--length': options.length,
  };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  const flags = options.pattern === true ? ['--pattern'] : [];
  return [mode, hostname, port, options.path, ...flags, ...given.flatMap(([name, value]) => [name, String(value)])];
}

/**
 * Makes requests over many connections from one thread that needs little: about 15 µs of processor time for a small one. Certificates
 * are not verified; failures are counted, not thrown.
 * @throws Error with the client's output if it cannot go on or has not ended by the deadline
 */
export async function runLoad(options: LoadRunOptions): Promise<LoadReport> {
  const program = await buildNativeExample('load');
  const { deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const { exitCode, stdout, stderr } = await runProgram(program, loadArguments('run', options), { deadlineMs });
  if (exitCode !== 0) throw new Error(`the load client failed (exit code ${exitCode})\n${stdout}${stderr}`);
  return JSON.parse(stdout) as LoadReport;
}

export interface HeldReport extends LoadReport {
  /** Connections that there are now. */
  readonly open: number;
}

/** Connections that are kept until they are told to end. */
export class HeldConnections {
  readonly #peer: PeerProcess;
  readonly #deadlineMs: number;
  #onReport: (report: HeldReport) => void = () => undefined;

  private constructor(program: string, options: LoadOptions) {
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#peer = new PeerProcess(program, loadArguments('hold', options), {
      onLine: (line) => this.#onReport(JSON.parse(line) as HeldReport),
    });
  }

  /** No connection is made yet. */
  static async start(options: LoadOptions): Promise<HeldConnections> {
    return new HeldConnections(await buildNativeExample('load'), options);
  }

  get pid(): number {
    return this.#peer.pid;
  }

  /** Makes that many more. */
  open(count: number): Promise<HeldReport> {
    return this.#command(`open ${count}`);
  }

  /** Makes that many one after the other, and closes each: their handshakes wait for nobody but the server. */
  probe(count: number): Promise<HeldReport> {
    return this.#command(`probe ${count}`);
  }

  /** Makes that many requests, over all connections. */
  get(count: number): Promise<HeldReport> {
    return this.#command(`get ${count}`);
  }

  /** Closes that many. */
  close(count: number): Promise<HeldReport> {
    return this.#command(`close ${count}`);
  }

  /** Ends the client with all connections, without a word to the server. Idempotent. */
  stop(): Promise<void> {
    return this.#peer.stop();
  }

  async #command(command: string): Promise<HeldReport> {
    const reported = new Promise<HeldReport>((resolve) => {
      this.#onReport = resolve;
    });
    this.#peer.writeLine(command);
    return this.#peer.expect(`should ${command}`, reported, this.#deadlineMs);
  }
}
