import { ChildModule } from './child-module.js';
import type { OriginFunctions } from './origin-server-child.js';

/**
 * An HTTP/1.1 server on loopback to stand behind Caddy's reverse proxy. It runs in a child process, so that the bodies it handles do
 * not count as memory of the test's process. `origin-routes.ts` has its paths.
 */
export class OriginServer {
  readonly host: string;
  readonly port: number;
  readonly #child: ChildModule<OriginFunctions>;

  private constructor(host: string, port: number, child: ChildModule<OriginFunctions>) {
    this.host = host;
    this.port = port;
    this.#child = child;
  }

  /** @param host IP literal; default 127.0.0.1 */
  static async start(host = '127.0.0.1'): Promise<OriginServer> {
    const module = new URL('./origin-server-child.ts', import.meta.url);
    const child = await ChildModule.start<OriginFunctions>(module, { host });
    return new OriginServer(host, await child.call('port'), child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How often each `id` (a query parameter) was asked for. */
  counts(): Promise<Readonly<Record<string, number>>> {
    return this.#child.call('counts');
  }

  /** Bytes of request bodies read so far. */
  bytesRead(): Promise<number> {
    return this.#child.call('bytesRead');
  }

  /** Lets every `/slow-read`, present and future, read on. */
  release(): Promise<void> {
    return this.#child.call('release');
  }

  /** Ends the server. Idempotent. */
  close(): Promise<void> {
    return this.#child.stop();
  }
}
