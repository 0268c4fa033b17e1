import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { produceDirectory, removeLeftovers } from '../../scripts/lib/atomic.mjs';
import { PeerProcess } from './peer-process.js';
import { exclusively, peersDirectory } from './peer-tools.js';
import { runProgram } from './run-child.js';

const SOURCES = fileURLToPath(new URL('./go-peer/', import.meta.url));
/** The first whose crypto/tls accepts Encrypted Client Hello as a server. */
const MINIMUM_GO = [1, 24] as const;
const inSources = { cwd: SOURCES, deadlineMs: 300_000 };
const START_DEADLINE_MS = 30_000;

/** A request as the server reports it when its headers have arrived. */
export interface GoRequest {
  readonly method: string;
  readonly path: string;
  /** Address and port that it came from. */
  readonly remote: string;
  /** It came in 0-RTT. */
  readonly early: boolean;
  readonly resumed: boolean;
  readonly echAccepted: boolean;
  /** Of the inner client hello where ECH was accepted. */
  readonly serverName: string;
}

interface Listening {
  readonly port: number;
  readonly echConfigList: string | null;
  readonly staleEchConfigList: string | null;
}

type ServerLine = ({ readonly event: 'listening' } & Listening) | ({ readonly event: 'request' } & GoRequest);

export interface GoPeerOptions {
  /** Certificate chain and key in PEM. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
  /** Default 0: the kernel chooses. */
  readonly port?: number;
  /** Switches ECH on; the certificate has to be for this name, too. */
  readonly publicName?: string;
  /** It has lost the private key of the ECH configuration that it offers: nothing is ever accepted. */
  readonly lostKey?: boolean;
}

/**
 * Builds the peer if that has not been done, which takes a minute, and says what is in the way: Debian 12's own Go is too old, so the
 * tests that need the peer run where a newer one was installed. Call it outside tests and hooks: those have a time limit.
 *
 * @returns undefined if the peer is there
 * @throws Error with the compiler's output if it cannot be compiled
 */
export async function goPeerObstacle(): Promise<string | undefined> {
  const version = await goVersion();
  if (version === undefined) return 'Go is not installed';
  const [major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const [minimumMajor, minimumMinor] = MINIMUM_GO;
  const isNewEnough = major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
  if (!isNewEnough) return `${version} is older than ${MINIMUM_GO.join('.')}`;
  // Loads every package, and so fetches the modules.
  const { exitCode, stderr } = await runProgram('go', ['list', '-deps', '.'], inSources);
  if (exitCode !== 0) return `its modules cannot be fetched: ${stderr.trim().split('\n').at(-1)}`;
  await ensureGoPeer();
  return undefined;
}

async function goVersion(): Promise<string | undefined> {
  const outcome = await runProgram('go', ['env', 'GOVERSION']).catch(() => undefined);
  return outcome?.exitCode === 0 ? outcome.stdout.trim() : undefined;
}

/** Builds the peer into the cache, once for each version of it and of Go. @returns path of the program */
export async function ensureGoPeer(): Promise<string> {
  const hash = createHash('sha256').update((await goVersion()) ?? '');
  for (const name of (await readdir(SOURCES)).sort()) hash.update(name).update(await readFile(join(SOURCES, name)));
  const directory = join(peersDirectory, `go-peer-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(directory)) {
    await exclusively(async () => {
      // Another process may have built it while this one waited.
      if (!existsSync(directory)) await build(directory);
    });
  }
  return join(directory, 'peer');
}

async function build(directory: string): Promise<void> {
  await removeLeftovers(peersDirectory, 'go-peer-');
  await produceDirectory(directory, async (partial) => {
    const args = ['build', '-trimpath', '-buildvcs=false', '-o', join(partial, 'peer'), '.'];
    const { exitCode, stdout, stderr } = await runProgram('go', args, inSources);
    if (exitCode !== 0) throw new Error(`go ${args.join(' ')} failed (exit code ${exitCode})\n${stdout}${stderr}`);
  });
}

/** An HTTP/3 server on a recent quic-go (`go-peer/`) with what Caddy does not offer: ECH, and migration of clients. */
export class GoPeer {
  /** ECHConfigList of a key that the server has. Empty without ECH. */
  readonly echConfigList: Buffer;
  /** One of a key that it does not have, for the same public name: it answers with `echConfigList` as retry configuration. */
  readonly staleEchConfigList: Buffer;
  readonly port: number;
  /** The reported requests, in order. */
  readonly requests: readonly GoRequest[];
  readonly #peer: PeerProcess;
  readonly #directory: string;

  private constructor(peer: PeerProcess, directory: string, listening: Listening, requests: readonly GoRequest[]) {
    this.#peer = peer;
    this.#directory = directory;
    this.port = listening.port;
    this.echConfigList = Buffer.from(listening.echConfigList ?? '', 'base64');
    this.staleEchConfigList = Buffer.from(listening.staleEchConfigList ?? '', 'base64');
    this.requests = requests;
  }

  /** @throws Error with the server's output if it does not come up */
  static async start(options: GoPeerOptions): Promise<GoPeer> {
    const program = await ensureGoPeer();
    const directory = await mkdtemp(join(tmpdir(), 'necko-http3-go-'));
    const certificateFile = join(directory, 'cert.pem');
    const keyFile = join(directory, 'key.pem');
    await writeFile(certificateFile, options.certificate.certPem);
    await writeFile(keyFile, options.certificate.keyPem, { mode: 0o600 });
    const args = ['-certificate', certificateFile, '-private-key', keyFile, '-port', String(options.port ?? 0)];
    if (options.publicName !== undefined) args.push('-public-name', options.publicName);
    if (options.lostKey === true) args.push('-lost-key');
    const requests: GoRequest[] = [];
    let onListening: (facts: Listening) => void = () => undefined;
    const listening = new Promise<Listening>((resolve) => {
      onListening = resolve;
    });
    const peer = new PeerProcess(program, args, {
      onLine: (text) => {
        const line = JSON.parse(text) as ServerLine;
        if (line.event === 'listening') onListening(line);
        else requests.push(line);
      },
    });
    try {
      return new GoPeer(peer, directory, await peer.expect('should listen', listening, START_DEADLINE_MS), requests);
    } catch (error) {
      await peer.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  log(): string {
    return this.#peer.log();
  }

  /** Ends the server at once, without a word to its clients. Idempotent. */
  async stop(): Promise<void> {
    await this.#peer.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
