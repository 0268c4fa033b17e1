import { chmod } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import type { ClientHttp3Session, ConnectOptions } from '../../../src/index.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { ChildModule } from '../../support/child-module.js';
import { makeIdentity, openSession, type TestIdentity } from '../../support/client.js';
import { fetchBytes } from '../../support/settlement.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import type { Who } from './handler.js';
import type { SharingFigures, SharingFunctions, SharingInit } from './sharing-child.js';

let identity: Promise<TestIdentity> | undefined;

export function testIdentity(): Promise<TestIdentity> {
  identity ??= makeIdentity();
  return identity;
}

export type SharingProcess = ChildModule<SharingFunctions>;

/** Processes of one test that share a port and a directory. */
export class SharingProcesses {
  readonly directory: string;
  readonly processes: SharingProcess[] = [];
  readonly #identity: TestIdentity;
  readonly #options: ServerOptions;
  #port = 0;

  private constructor(directory: string, testIdentity: TestIdentity, options: ServerOptions) {
    this.directory = directory;
    this.#identity = testIdentity;
    this.#options = options;
  }

  /** Starts `count` processes with the ids 1, 2 …; they end with the test. */
  static async start(count: number, options: ServerOptions = {}): Promise<SharingProcesses> {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o700);
    const group = new SharingProcesses(directory, await testIdentity(), options);
    for (let id = 1; id <= count; id += 1) await group.add(id);
    return group;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts a process that listens at once. */
  async add(id: number, options: ServerOptions = {}): Promise<SharingProcess> {
    const child = await this.prepare(id, options, this.#port);
    this.#port = await child.call('port');
    return child;
  }

  /** Starts a process; without `port` it does not listen. */
  async prepare(id: number, options: ServerOptions = {}, port?: number): Promise<SharingProcess> {
    const { keyPem, certPem } = this.#identity.certificate;
    const sharedPort = { directory: this.directory, id };
    const init: SharingInit = {
      options: { key: keyPem, cert: certPem, sharedPort, ...this.#options, ...options },
      port,
    };
    const child = await ChildModule.start<SharingFunctions>(new URL('./sharing-child.ts', import.meta.url), init);
    onTestFinished(() => child.stop());
    this.processes.push(child);
    return child;
  }

  /** The process with this pid. */
  of(pid: number): SharingProcess {
    const found = this.processes.find((child) => child.pid === pid);
    if (found === undefined) throw new Error(`no process ${pid}`);
    return found;
  }

  /** Ends a process without giving it a chance to say so. */
  async kill(child: SharingProcess): Promise<void> {
    process.kill(child.pid ?? 0, 'SIGKILL');
    this.processes.splice(this.processes.indexOf(child), 1);
    await child.stop();
  }

  /** A session that ends with the test; `port` is a proxy's. */
  connect(port = this.#port, options: ConnectOptions = {}): ClientHttp3Session {
    return openSession(`https://127.0.0.1:${port}`, this.#identity, options);
  }

  /** Of all processes together. */
  async figures(): Promise<SharingFigures> {
    const total = { accepted: 0, datagramsForwarded: 0, statelessResetsSent: 0, datagramsDiscarded: 0, refused: 0 };
    for (const child of this.processes) {
      const figures = await child.call('figures');
      for (const name of Object.keys(total) as (keyof SharingFigures)[]) total[name] += figures[name];
    }
    return total;
  }
}

/** Collects how the connections of a session end unasked. */
export function watchDisconnects(session: ClientHttp3Session): string[] {
  const messages: string[] = [];
  session.on('disconnect', (error) => messages.push(error.message));
  return messages;
}

/**
 * Sends something, so that the server's side has a chance to answer. Whether the session's old connection carries it, or it has
 * heard of its end before and makes another, is a matter of time.
 */
export async function prod(session: ClientHttp3Session): Promise<void> {
  await fetchBytes(session, { ':method': 'POST', ':path': '/digest' }, { body: 'x' });
}

/** Which process serves a session. */
export async function who(session: ClientHttp3Session): Promise<Who> {
  const { body, error } = await fetchBytes(session, { ':path': '/who' });
  if (error !== undefined) throw error;
  return JSON.parse(String(body)) as Who;
}
