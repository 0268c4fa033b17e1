import type { ResolvedConnectionOptions } from '../../http/connection-options.js';
import type { Origin } from '../../http/origin.js';
import { WebTransportConnection } from './webtransport-connection.js';

/** Connections that sessions with `allowPooling` share, by what they are made of. */
export class ConnectionPool {
  readonly #connections = new Map<string, Set<WebTransportConnection>>();
  readonly #functions = new WeakMap<object, number>();
  #functionCount = 0;

  /** Connections that may take another session, or did until now. */
  get size(): number {
    let size = 0;
    for (const connections of this.#connections.values()) size += connections.size;
    return size;
  }

  /** @param fresh none that exists will do */
  connectionFor(origin: Origin, options: ResolvedConnectionOptions, fresh: boolean): WebTransportConnection {
    const key = this.#keyOf(origin, options);
    const shared = this.#connections.get(key) ?? new Set();
    if (!fresh) for (const connection of shared) if (connection.hasRoom) return connection;
    const connection = new WebTransportConnection(origin, options, {
      retired: (gone) => {
        shared.delete(gone);
        if (shared.size === 0 && this.#connections.get(key) === shared) this.#connections.delete(key);
      },
    });
    shared.add(connection);
    this.#connections.set(key, shared);
    return connection;
  }

  /** Equal for connections that cannot be told apart by those who use them. */
  #keyOf({ href }: Origin, options: ResolvedConnectionOptions): string {
    const {
      trustAnchors,
      lookup,
      tokenStore: _unused,
      webTransport,
      echConfigList,
      certificateHashes: _none,
      ...plain
    } = options;
    const anchors = trustAnchors?.fingerprint ?? 'insecure';
    const ech = echConfigList === undefined ? '' : Buffer.from(echConfigList).toString('base64');
    return JSON.stringify([href, anchors, this.#numberOf(lookup), ech, webTransport, plain]);
  }

  #numberOf(lookup: object | undefined): number {
    if (lookup === undefined) return 0;
    let number = this.#functions.get(lookup);
    if (number === undefined) {
      this.#functionCount += 1;
      number = this.#functionCount;
      this.#functions.set(lookup, number);
    }
    return number;
  }
}
