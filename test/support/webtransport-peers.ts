import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aioquicEnvironment, ensureAioquic } from './aioquic-install.js';
import type { TestIdentity } from './client.js';
import { PeerProcess } from './peer-process.js';
import { runProgram } from './run-child.js';
import { waitUntil } from './wait-until.js';
import { type EventName, type EventOf, WebTransportEvents, type WebTransportPeerEvent } from './webtransport-events.js';
import { ensureWebTransportGo } from './webtransport-go.js';

const SCRIPTS = fileURLToPath(new URL('../webtransport/peers/aioquic/', import.meta.url));
const START_DEADLINE_MS = 30_000;
/** 16 MiB in each direction through an implementation in Python, on a machine that has other work. */
const SCENARIO_DEADLINE_MS = 180_000;

/** The implementations of WebTransport that are not ours, each a server and a client. */
export const WEB_TRANSPORT_PEERS = ['aioquic', 'webtransport-go', 'webtransport-go (draft 02)'] as const;
export type WebTransportPeerName = (typeof WEB_TRANSPORT_PEERS)[number];

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

type ServerLine = WebTransportPeerEvent | { readonly event: 'listening'; readonly port: number };

/** A peer's server, which does with each session what its path says. */
export class WebTransportPeer {
  readonly #peer: PeerProcess;
  readonly #directory: string;
  readonly #events = new WebTransportEvents();
  #port = 0;

  private constructor({ file, args }: Program, directory: string, serverArgs: readonly string[]) {
    this.#directory = directory;
    const identity = ['--certificate', join(directory, 'cert.pem'), '--private-key', join(directory, 'key.pem')];
    this.#peer = new PeerProcess(file, [...args, ...identity, ...serverArgs], {
      env: aioquicEnvironment,
      onLine: (text) => {
        const line = JSON.parse(text) as ServerLine;
        if (line.event === 'listening') this.#port = line.port;
        else this.#events.add(line);
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
  events<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.#events.of(name);
  }

  /** Waits until it has reported so many events of a kind. @throws Error with its output if it does not */
  reported<Name extends EventName>(name: Name, count = 1): Promise<EventOf<Name>[]> {
    return this.#peer.expect(`should report ${name}`, this.#events.reported(name, count), START_DEADLINE_MS);
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

/** A session to be opened, and what is to be done in it. */
export interface WebTransportSessionPlan {
  readonly url: string;
  readonly steps: readonly WebTransportStep[];
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
  const [outcome] = await runClient(name, { url, steps }, ca, args);
  if (outcome === undefined) throw new Error(`the client of ${name} printed nothing`);
  return outcome;
}

/**
 * The same for several sessions, each on a connection of its own.
 * @returns one for each session, in their order
 */
export async function runWebTransportClients(
  name: WebTransportPeerName,
  { ca }: Pick<TestIdentity, 'ca'>,
  sessions: readonly WebTransportSessionPlan[],
): Promise<WebTransportOutcome[]> {
  const [first, ...others] = sessions;
  if (first === undefined) return [];
  // A process in Python takes as long to start as many sessions take.
  if (name === 'aioquic') {
    return runClient(
      name,
      first,
      ca,
      others.flatMap(({ url, steps }) => ['--next', url, JSON.stringify(steps)]),
    );
  }
  return (await Promise.all(sessions.map((session) => runClient(name, session, ca, [])))).flat();
}

/** @returns what the client has printed for each session */
async function runClient(
  name: WebTransportPeerName,
  { url, steps }: WebTransportSessionPlan,
  ca: string,
  args: readonly string[],
): Promise<WebTransportOutcome[]> {
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
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as WebTransportOutcome);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
