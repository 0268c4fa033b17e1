import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aioquicEnvironment, ensureAioquic } from './aioquic-install.js';
import type { TestIdentity } from './client.js';
import { PeerProcess } from './peer-process.js';
import { runProgram } from './run-child.js';
import { waitUntil } from './wait-until.js';
import { ensureWebTransportGo } from './webtransport-go.js';

const SCRIPTS = fileURLToPath(new URL('../webtransport/peers/aioquic/', import.meta.url));
const START_DEADLINE_MS = 30_000;
/** 16 MiB in each direction through an implementation in Python, on a machine that has other work. */
const SCENARIO_DEADLINE_MS = 180_000;

/** An implementation of WebTransport that is not ours, as a server and as a client. */
export type WebTransportPeerName = 'aioquic' | 'webtransport-go' | 'webtransport-go (draft 02)';

/** A program and the arguments that come first. */
interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

async function programOf(name: WebTransportPeerName, role: 'server' | 'client'): Promise<Program> {
  if (name === 'aioquic') return { file: await ensureAioquic(), args: [join(SCRIPTS, `${role}.py`)] };
  const file = await ensureWebTransportGo(name === 'webtransport-go' ? 'latest' : 'draft02');
  return { file, args: role === 'client' ? ['client'] : [] };
}

/**
 * Installs the peer if that has not been done, which takes a minute, and says what is in the way. Call it outside tests and hooks:
 * those have a time limit.
 *
 * @returns `not installed: …`; undefined if the peer is there
 */
export async function webTransportPeerObstacle(name: WebTransportPeerName): Promise<string | undefined> {
  try {
    await programOf(name, 'server');
    return undefined;
  } catch (error) {
    return `not installed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** How a session ended: code and reason of the capsule; the code is null if there was none. */
export interface PeerClosure {
  readonly code: number | null;
  readonly reason: string;
  readonly remote: boolean;
}

/** What the servers report, one object for each; `test/webtransport/peers/README.md` explains them. */
export type WebTransportPeerEvent =
  | { readonly event: 'request'; readonly path: string; readonly protocol: string }
  | { readonly event: 'settings'; readonly settings: Readonly<Record<string, number>> }
  | { readonly event: 'session'; readonly path: string; readonly protocol?: string }
  | { readonly event: 'refused'; readonly error: string }
  | { readonly event: 'reset' | 'stop'; readonly code: number | null }
  | { readonly event: 'received'; readonly bytes: number; readonly sha256: string }
  | { readonly event: 'closed'; readonly closure: PeerClosure }
  | { readonly event: 'refused-stream'; readonly what: 'reset' | 'stop'; readonly code: number }
  | { readonly event: 'terminated'; readonly code: number };

type ServerLine = WebTransportPeerEvent | { readonly event: 'listening'; readonly port: number };
type EventName = WebTransportPeerEvent['event'];

/** A peer's server, which does with each session what its path says. */
export class WebTransportPeer {
  readonly #peer: PeerProcess;
  readonly #directory: string;
  readonly #events: WebTransportPeerEvent[] = [];
  #port = 0;

  private constructor({ file, args }: Program, directory: string, serverArgs: readonly string[]) {
    this.#directory = directory;
    const identity = ['--certificate', join(directory, 'cert.pem'), '--private-key', join(directory, 'key.pem')];
    this.#peer = new PeerProcess(file, [...args, ...identity, ...serverArgs], {
      env: aioquicEnvironment,
      onLine: (text) => {
        const line = JSON.parse(text) as ServerLine;
        if (line.event === 'listening') this.#port = line.port;
        else this.#events.push(line);
      },
    });
  }

  /**
   * @param args more of the program's arguments
   * @throws Error with the server's output if it does not come up
   */
  static async start(
    name: WebTransportPeerName,
    { certificate }: Pick<TestIdentity, 'certificate'>,
    args: readonly string[] = [],
  ): Promise<WebTransportPeer> {
    const program = await programOf(name, 'server');
    const directory = await mkdtemp(join(tmpdir(), 'necko-http3-webtransport-'));
    await writeFile(join(directory, 'cert.pem'), certificate.certPem);
    await writeFile(join(directory, 'key.pem'), certificate.keyPem, { mode: 0o600 });
    const server = new WebTransportPeer(program, directory, args);
    try {
      const listening = waitUntil(`${name} to listen`, () => server.#port !== 0);
      await server.#peer.expect('should listen', listening, START_DEADLINE_MS);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Such as `https://127.0.0.1:4433`. */
  get origin(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** What it has reported of a kind so far. */
  events<Name extends EventName>(name: Name): Extract<WebTransportPeerEvent, { event: Name }>[] {
    const isWanted = (event: WebTransportPeerEvent): event is Extract<WebTransportPeerEvent, { event: Name }> =>
      event.event === name;
    return this.#events.filter(isWanted);
  }

  /** Waits until it has reported so many events of a kind. @throws Error with its output if it does not */
  async reported<Name extends EventName>(
    name: Name,
    count = 1,
  ): Promise<Extract<WebTransportPeerEvent, { event: Name }>[]> {
    const enough = waitUntil(`${count} × ${name}`, () => this.events(name).length >= count);
    await this.#peer.expect(`should report ${name}`, enough, START_DEADLINE_MS);
    return this.events(name);
  }

  log(): string {
    return this.#peer.log();
  }

  /** Ends its process by SIGKILL. {@link stop} is still to be called. */
  kill(): Promise<void> {
    return this.#peer.kill();
  }

  /** Ends the server without a word to its clients. Idempotent. */
  async stop(): Promise<void> {
    await this.#peer.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A step of a scenario; `test/webtransport/peers/README.md` says what each does and what it results in. */
export type WebTransportStep =
  | { readonly do: 'bidi' | 'uni'; readonly bytes: number }
  | { readonly do: 'datagrams'; readonly count: number; readonly bytes: number }
  | { readonly do: 'refuse'; readonly code: number }
  | { readonly do: 'refused' | 'pushed' | 'closed' }
  | { readonly do: 'opened'; readonly count: number }
  | { readonly do: 'many'; readonly count: number; readonly bytes: number }
  | { readonly do: 'close'; readonly code: number; readonly reason: string };

export interface WebTransportOutcome {
  /** Of the response to the CONNECT; 0 if there was none. */
  readonly status: number;
  /** The negotiated application protocol, or an empty string. Absent where the peer knows none. */
  readonly protocol?: string;
  readonly error?: string;
  /** One for each step. */
  readonly results: readonly unknown[];
}

/**
 * Opens a session by a peer's client and carries out a scenario.
 * @param args more of the program's arguments
 * @throws Error with the client's output if a step fails
 */
export async function runWebTransportClient(
  name: WebTransportPeerName,
  url: string,
  { ca }: Pick<TestIdentity, 'ca'>,
  steps: readonly WebTransportStep[],
  args: readonly string[] = [],
): Promise<WebTransportOutcome> {
  const program = await programOf(name, 'client');
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-webtransport-'));
  try {
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, ca);
    const scenario = ['--ca', caFile, '--scenario', JSON.stringify(steps)];
    const { exitCode, stdout, stderr } = await runProgram(program.file, [...program.args, ...scenario, ...args, url], {
      env: aioquicEnvironment,
      deadlineMs: SCENARIO_DEADLINE_MS,
    });
    if (exitCode !== 0) throw new Error(`the client of ${name} failed (exit code ${exitCode})\n${stdout}${stderr}`);
    return JSON.parse(stdout) as WebTransportOutcome;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
