import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aioquicEnvironment, aioquicScripts, ensureAioquic } from './aioquic-install.js';
import { PeerProcess } from './peer-process.js';

const START_DEADLINE_MS = 30_000;
const COMMAND_DEADLINE_MS = 30_000;

/** What the server reports, one object for each; `README.md` in the scripts' folder explains the fields. */
export type AioquicEvent =
  | { readonly event: 'handshake'; readonly resumed: boolean; readonly earlyData: boolean }
  | {
      readonly event: 'request';
      readonly stream: number;
      readonly method: string;
      readonly path: string;
      readonly early: boolean;
    }
  | { readonly event: 'body'; readonly stream: number; readonly bytes: number; readonly sha256: string }
  | { readonly event: 'priority-update'; readonly stream: number; readonly value: string }
  | { readonly event: 'reset' | 'stop-sending'; readonly stream: number; readonly code: number }
  | { readonly event: 'terminated'; readonly code: number; readonly frameType: number | null; readonly reason: string };

type ServerLine =
  | AioquicEvent
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'done'; readonly id: number };

export interface AioquicServerOptions {
  /** Certificate chain and key in PEM. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
  /** IP literal; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: the kernel chooses. */
  readonly port?: number;
  /** Validate addresses by Retry (RFC 9000 8.1.2). */
  readonly retry?: boolean;
  /** Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Request streams allowed at first. Default 128. */
  readonly maxStreams?: number;
  /** Connection and stream windows in bytes. Default 1 MiB each; they double as data arrives. */
  readonly maxData?: number;
  readonly maxStreamData?: number;
  /** What the control stream begins with; all but `proper` break RFC 9114 7.2.4. */
  readonly settings?: 'proper' | 'reserved' | 'duplicate' | 'missing';
}

/**
 * A scripted HTTP/3 server (aioquic, Python) that behaves, and misbehaves, as each path says; `aioquic/README.md` has the paths.
 */
export class AioquicServer {
  readonly #peer: PeerProcess;
  readonly #directory: string;
  readonly #host: string;
  readonly #events: AioquicEvent[] = [];
  readonly #commands = new Map<number, () => void>();
  #nextCommand = 0;
  #port = 0;
  #onListening: () => void = () => undefined;

  private constructor(python: string, directory: string, options: AioquicServerOptions) {
    this.#directory = directory;
    this.#host = options.host ?? '127.0.0.1';
    this.#peer = new PeerProcess(python, [join(aioquicScripts, 'server.py'), ...serverArguments(options, directory)], {
      env: aioquicEnvironment,
      onLine: (line) => this.#onLine(JSON.parse(line) as ServerLine),
    });
  }

  /** @throws Error with the server's output if it does not come up */
  static async start(options: AioquicServerOptions): Promise<AioquicServer> {
    const python = await ensureAioquic();
    const directory = await mkdtemp(join(tmpdir(), 'necko-http3-aioquic-'));
    await writeFile(join(directory, 'cert.pem'), options.certificate.certPem);
    await writeFile(join(directory, 'key.pem'), options.certificate.keyPem, { mode: 0o600 });
    const server = new AioquicServer(python, directory, options);
    const listening = new Promise<void>((resolve) => {
      server.#onListening = resolve;
    });
    try {
      await server.#peer.expect('should listen', listening, START_DEADLINE_MS);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Such as `https://127.0.0.1:4433`. */
  get origin(): string {
    return `https://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** Everything it reported so far. */
  get events(): readonly AioquicEvent[] {
    return this.#events;
  }

  get pid(): number {
    return this.#peer.pid;
  }

  /** The reported requests, in order. */
  get requests(): Extract<AioquicEvent, { event: 'request' }>[] {
    return this.events.filter((event) => event.event === 'request');
  }

  /** Forgets all session tickets: whoever resumes gets a full handshake, and 0-RTT is rejected. */
  forgetTickets(): Promise<void> {
    return this.#command({ command: 'forget-tickets' });
  }

  /** Grants the credit that `/slow-reader` holds back. */
  release(): Promise<void> {
    return this.#command({ command: 'release' });
  }

  /** Sends GOAWAY on every connection; requests that came so far will still be answered. */
  goaway(): Promise<void> {
    return this.#command({ command: 'goaway' });
  }

  /** Closes every connection with an HTTP/3 error (`application`) or a QUIC one (`transport`). */
  close(code: number, reason = '', kind: 'application' | 'transport' = 'application'): Promise<void> {
    return this.#command({ command: 'close', code, reason, kind });
  }

  log(): string {
    return this.#peer.log();
  }

  /** Stops or continues the process, as a server that hangs. */
  freeze(frozen: boolean): void {
    this.#peer.freeze(frozen);
  }

  /** Ends the server without a word to its clients. Idempotent. */
  async stop(): Promise<void> {
    await this.#peer.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #onLine(line: ServerLine): void {
    if (line.event === 'listening') {
      this.#port = line.port;
      this.#onListening();
    } else if (line.event === 'done') {
      this.#commands.get(line.id)?.();
      this.#commands.delete(line.id);
    } else {
      this.#events.push(line);
    }
  }

  async #command(command: Readonly<Record<string, string | number>>): Promise<void> {
    const id = this.#nextCommand++;
    const done = new Promise<void>((resolve) => this.#commands.set(id, resolve));
    this.#peer.writeLine(JSON.stringify({ id, ...command }));
    await this.#peer.expect(`should obey ${command.command}`, done, COMMAND_DEADLINE_MS);
  }
}

function serverArguments(options: AioquicServerOptions, directory: string): string[] {
  const values: Readonly<Record<string, string | number | undefined>> = {
    '--certificate': join(directory, 'cert.pem'),
    '--private-key': join(directory, 'key.pem'),
    '--host': options.host,
    '--port': options.port,
    '--idle-timeout': options.idleTimeoutMs === undefined ? undefined : options.idleTimeoutMs / 1000,
    '--max-streams': options.maxStreams,
    '--max-data': options.maxData,
    '--max-stream-data': options.maxStreamData,
    '--settings': options.settings,
  };
  const args = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return options.retry === true ? [...args, '--retry'] : args;
}
