/**
 * Caddy as a peer: an HTTP/3 server that nobody here wrote (Go, quic-go).
 *
 * What tests can rely on in the Debian package (Caddy 2.6.2 with quic-go 0.29) is in README.md of this folder.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCaddyConfig, type CaddyProtocol, type CaddyRoute } from './caddy-config.js';
import { findFreePort } from './free-port.js';
import { PeerProcess } from './peer-process.js';
import { ensureTool } from './peer-tools.js';
import { waitForQuic } from './quic-probe.js';
import { runProgram } from './run-child.js';
import { type SiteFile, writeSiteFile } from './site-files.js';

const START_DEADLINE_MS = 30_000;
const START_ATTEMPTS = 3;

export interface CaddyOptions {
  /** Certificate chain and key in PEM. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
  /** IP literals to listen on, all at one port; the first is the one of `origin`. Default 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
  /** With h3 in any case: it is how readiness is found. Default: all three. */
  readonly protocols?: readonly ['h3', ...CaddyProtocol[]];
  /** Names and sizes in bytes of files made for the occasion and served at `/name`. */
  readonly files?: Readonly<Record<string, number>>;
  /** Tried before the files. */
  readonly routes?: readonly CaddyRoute[];
  /** Response header fields of every route. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Caddy {
  readonly port: number;
  /** Such as `https://127.0.0.1:4433`. */
  readonly origin: string;
  readonly pid: number;
  /** By name: sizes and hashes of `files`. */
  readonly files: Readonly<Record<string, SiteFile>>;
  /** What Caddy wrote. */
  log(): string;
  /** Ends Caddy with a graceful shutdown, and removes its files. */
  stop(): Promise<void>;
  /** Ends Caddy at once, without a word to its clients, and removes its files. */
  kill(): Promise<void>;
  /** Stops or continues the process, as a server that hangs. */
  freeze(frozen: boolean): void;
}

/** Version of the Caddy that is used, such as `2.6.2`. */
export async function caddyVersion(): Promise<string> {
  await ensureTool('caddy');
  const { stdout } = await runProgram('caddy', ['version']);
  return stdout.trim().split(' ')[0] ?? '';
}

async function writeSite(directory: string, options: CaddyOptions, port: number): Promise<void> {
  const certificateFile = join(directory, 'cert.pem');
  const keyFile = join(directory, 'key.pem');
  await writeFile(certificateFile, options.certificate.certPem);
  await writeFile(keyFile, options.certificate.keyPem, { mode: 0o600 });
  const config = buildCaddyConfig({
    hosts: options.hosts ?? ['127.0.0.1'],
    port,
    protocols: options.protocols ?? ['h3', 'h2', 'h1'],
    certificateFile,
    keyFile,
    storageDirectory: join(directory, 'storage'),
    routes: [...(options.routes ?? []), { path: '/*', files: join(directory, 'files') }],
    headers: options.headers ?? {},
  });
  await writeFile(join(directory, 'caddy.json'), JSON.stringify(config));
}

/** Starts the process and waits until it answers QUIC. Returns an error if it ended first. */
async function launch(directory: string, host: string, port: number): Promise<PeerProcess | Error> {
  const peer = new PeerProcess('caddy', ['run', '--config', join(directory, 'caddy.json')], {
    env: { XDG_CONFIG_HOME: join(directory, 'config'), XDG_DATA_HOME: join(directory, 'data'), HOME: directory },
  });
  const giveUpMs = performance.now() + START_DEADLINE_MS;
  const versions = await waitForQuic(host, port, () => peer.isRunning && performance.now() < giveUpMs);
  // Another process's server may have answered at a port that this one failed to get.
  if (versions !== undefined && peer.isRunning) {
    return peer;
  }
  await peer.stop();
  return peer.failure(`should answer at ${host} port ${port}`);
}

/**
 * Starts Caddy and waits until it answers QUIC. Installs Caddy if it is missing and can be installed.
 * @throws Error with Caddy's output if it does not come up
 */
export async function startCaddy(options: CaddyOptions): Promise<Caddy> {
  await ensureTool('caddy');
  const host = options.hosts?.[0] ?? '127.0.0.1';
  const directory = await mkdtemp(join(tmpdir(), 'necko-http3-caddy-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(join(directory, 'files'));
    const files: Record<string, SiteFile> = {};
    for (const [name, bytes] of Object.entries(options.files ?? {})) {
      files[name] = await writeSiteFile(join(directory, 'files'), name, bytes);
    }
    let failure = new Error('Caddy was not started');
    for (let attempt = 0; attempt < (options.port === undefined ? START_ATTEMPTS : 1); attempt += 1) {
      const port = options.port ?? (await findFreePort(host));
      await writeSite(directory, options, port);
      const peer = await launch(directory, host, port);
      if (peer instanceof Error) {
        failure = peer;
        continue;
      }
      return {
        port,
        origin: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        pid: peer.pid,
        files,
        log: () => peer.log(),
        freeze: (frozen) => peer.freeze(frozen),
        stop: () => peer.stop().then(removeDirectory),
        kill: () => peer.kill().then(removeDirectory),
      };
    }
    throw failure;
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}
