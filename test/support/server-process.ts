import type { ServerOptions, ServerStats } from '../../src/server/index.js';
import { makeCa, makeCert } from './certs.js';
import { ChildModule, type ChildModuleOptions } from './child-module.js';
import type { ConnectionCounts, ServerFunctions, Usage } from './server-process-child.js';

/**
 * Our server in a process of its own, so that what it needs can be measured. `GET /N?S` is answered with N bytes of the pattern
 * (`pattern.ts`), beginning with byte S modulo 251.
 */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildModule<ServerFunctions>;

  private constructor(port: number, child: ChildModule<ServerFunctions>) {
    this.port = port;
    this.#child = child;
  }

  /** @param options those of createSecureServer that can be sent to another process; the certificate is for 127.0.0.1 */
  static async start(options: ServerOptions = {}, childOptions: ChildModuleOptions = {}): Promise<ServerProcess> {
    const { certPem, keyPem } = await makeCert({ ca: await makeCa(), hosts: ['localhost'], ips: ['127.0.0.1'] });
    const module = new URL('./server-process-child.ts', import.meta.url);
    const init = { key: keyPem, cert: certPem, ...options };
    const child = await ChildModule.start<ServerFunctions>(module, init, undefined, childOptions);
    return new ServerProcess(await child.call('port'), child);
  }

  /** Such as `https://127.0.0.1:4433`. */
  get origin(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** @throws Error if it has not started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the server process has not started');
    return pid;
  }

  counts(): Promise<ConnectionCounts> {
    return this.#child.call('counts');
  }

  stats(): Promise<ServerStats | undefined> {
    return this.#child.call('stats');
  }

  usage(): Promise<Usage> {
    return this.#child.call('usage');
  }

  /** Ends the process, without a word to clients. Idempotent. */
  stop(): Promise<void> {
    return this.#child.stop();
  }
}
