import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { type ChildOutcome, type RunOptions, runModule } from '../support/run-child.js';

/** Beside the addon's build, from where the bundle finds addon and package.json as the sources do. One for each test process. */
const DIRECTORY = fileURLToPath(new URL(`../../build/cli-test-${process.pid}/`, import.meta.url));
const MAIN = join(DIRECTORY, 'main.mjs');

// Once for a test file: the sources in one module start several times faster than one by one.
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))],
    outfile: MAIN,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  });
});

afterAll(() => rm(DIRECTORY, { recursive: true }));

export type CliRunOptions = Omit<RunOptions, 'args' | 'nodeArgs'>;

/** Runs the shell client to its end. */
export function runCli(args: readonly string[], options: CliRunOptions = {}): Promise<ChildOutcome> {
  return runModule(MAIN, { ...options, args });
}

/** The command that runs the shell client. */
export function cliCommand(args: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, ...args];
}

/** A command as one line for `sh -c`. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** A server's identity, with its certificate authority in a file for `--cacert`. */
export class IdentityFile {
  readonly identity: TestIdentity;
  readonly caFile: string;
  readonly #directory: string;

  private constructor(identity: TestIdentity, directory: string) {
    this.identity = identity;
    this.#directory = directory;
    this.caFile = join(directory, 'ca.pem');
  }

  static async make(): Promise<IdentityFile> {
    const file = new IdentityFile(await makeIdentity(), await mkdtemp(join(tmpdir(), 'necko-http3-cli-')));
    await writeFile(file.caFile, file.identity.ca);
    return file;
  }

  /** Runs the client with the authority trusted, silent except for errors. */
  run(args: readonly string[], options?: CliRunOptions): Promise<ChildOutcome> {
    return runCli(['-sS', '--cacert', this.caFile, ...args], options);
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

/** Caddy with an HTTP/1.1 origin behind `/origin`. */
export class CliSite {
  readonly caddy: Caddy;
  readonly #identity: IdentityFile;
  readonly #origin: OriginServer;

  private constructor(identity: IdentityFile, caddy: Caddy, origin: OriginServer) {
    this.#identity = identity;
    this.caddy = caddy;
    this.#origin = origin;
  }

  /** @param files names and sizes of files to serve */
  static async start(files: Readonly<Record<string, number>> = {}): Promise<CliSite> {
    const identity = await IdentityFile.make();
    const origin = await OriginServer.start();
    const caddy = await startCaddy({
      certificate: identity.identity.certificate,
      files,
      routes: [
        {
          path: '/hello',
          respond: { body: 'hello\n', headers: { 'content-type': 'text/plain', 'x-greeting': 'grüße' } },
        },
        { path: '/binary', respond: { body: 'a\u0000b' } },
        { path: '/unknown-encoding', respond: { body: 'x', headers: { 'content-encoding': 'zstd' } } },
        { path: '/wrong-encoding', respond: { body: 'x', headers: { 'content-encoding': 'gzip' } } },
        { path: '/teapot', respond: { status: 418, body: 'short and stout' } },
        { path: '/moved', redirect: { to: '/hello' } },
        { path: '/see-other', redirect: { to: '/origin/request-head', status: 303 } },
        { path: '/moved-keeping-method', redirect: { to: '/origin/echo', status: 307 } },
        { path: '/moved-to-http', redirect: { to: 'http://127.0.0.1/' } },
        { path: '/loop', redirect: { to: '/loop' } },
        { path: '/origin/*', proxyTo: origin, stripPrefix: '/origin' },
      ],
    });
    return new CliSite(identity, caddy, origin);
  }

  get caFile(): string {
    return this.#identity.caFile;
  }

  url(path: string): string {
    return `${this.caddy.origin}${path}`;
  }

  /** Runs the client with the site trusted, silent except for errors. */
  run(args: readonly string[], options?: CliRunOptions): Promise<ChildOutcome> {
    return this.#identity.run(args, options);
  }

  async stop(): Promise<void> {
    await this.caddy.stop();
    await this.#origin.close();
    await this.#identity.remove();
  }
}
