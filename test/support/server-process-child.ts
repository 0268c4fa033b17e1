/** The child process of `ServerProcess`. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createSecureServer, type ServerOptions, type ServerStats } from '../../src/server/index.js';
import { residentBytes } from './memory.js';
import { patternBytes } from './pattern.js';
import { serveChildModule } from './serve-child-module.js';

const PERIOD = 251;
const PIECE = 64 * 1024;
/** Session ids that are remembered, to find one that comes again; allocated at once, so that memory stays flat. */
const KEPT_IDS = 2 ** 18;

/** What the server's events told of its connections so far. */
export interface ConnectionCounts {
  readonly connects: number;
  readonly disconnects: number;
  /** Events that should not have come: a second 'connect' or 'disconnect', or one without the other. */
  readonly unexpected: number;
  /** Session ids that came again. */
  readonly repeatedIds: number;
}

export interface Usage {
  /** After a garbage collection. */
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Of V8's objects outside of its heap, such as buffers. */
  readonly externalBytes: number;
  readonly descriptors: number;
  /** User and system time in seconds. */
  readonly cpuSeconds: number;
}

export interface ServerFunctions {
  readonly port: () => number;
  readonly counts: () => ConnectionCounts;
  readonly stats: () => ServerStats | undefined;
  readonly usage: () => Promise<Usage>;
}

/** Follows the server's connections. */
class ConnectionWatch {
  readonly #ids = new BigUint64Array(KEPT_IDS);
  readonly #open = new Set<bigint>();
  #connects = 0;
  #disconnects = 0;
  #unexpected = 0;

  onConnect(id: bigint): void {
    if (this.#open.has(id)) this.#unexpected += 1;
    this.#open.add(id);
    this.#ids[this.#connects % KEPT_IDS] = id;
    this.#connects += 1;
  }

  onDisconnect(id: bigint): void {
    if (!this.#open.delete(id)) this.#unexpected += 1;
    this.#disconnects += 1;
  }

  counts(): ConnectionCounts {
    const ids = this.#ids.slice(0, this.#connects).sort();
    const repeatedIds = ids.filter((id, index) => id === ids[index - 1]).length;
    return { connects: this.#connects, disconnects: this.#disconnects, unexpected: this.#unexpected, repeatedIds };
  }
}

serveChildModule<ServerOptions, ServerFunctions>(async (options) => {
  const pattern = patternBytes(PIECE + PERIOD);
  const watch = new ConnectionWatch();
  const server = createSecureServer(options, ({ url = '/' }, response) => {
    // `/N?S`: N bytes of the pattern from its byte S on.
    const [length = '', seed = '0'] = url.slice(1).split('?');
    let left = Number(length);
    let at = Number(seed) % PERIOD;
    response.setHeader('content-length', left);
    const write = () => {
      while (left > PIECE) {
        const piece = pattern.subarray(at, at + PIECE);
        at = (at + PIECE) % PERIOD;
        left -= PIECE;
        if (!response.write(piece)) {
          response.once('drain', write);
          return;
        }
      }
      response.end(pattern.subarray(at, at + left));
    };
    write();
  });
  server.on('connect', ({ sessionId }: { sessionId: bigint }) => watch.onConnect(sessionId));
  server.on('disconnect', ({ sessionId }: { sessionId: bigint }) => watch.onDisconnect(sessionId));
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: () => server.address()?.port ?? 0,
    counts: () => watch.counts(),
    stats: () => server.stats(),
    usage: async () => {
      const { user, system } = process.cpuUsage();
      const resident = await residentBytes();
      const { heapUsed, external } = process.memoryUsage();
      return {
        residentBytes: resident,
        heapBytes: heapUsed,
        externalBytes: external,
        descriptors: readdirSync('/proc/self/fd').length,
        cpuSeconds: (user + system) / 1e6,
      };
    },
  };
});
