import type { ConnectionInfo } from '../session/session-types.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import type { Address } from './address-order.js';
import { coversHost } from './certificate-names.js';
import { type HttpConnectionMgr, httpConnectionMgr } from './http-connection-mgr.js';
import type { ConnectionSupervisor, PooledConnection } from './pooled-connection.js';

export interface DirectoryOptions {
  /** Connections at a time, of all origins; `Infinity` for no limit. */
  readonly maxConnections: number;
  /** Whether a connection may serve another origin that its certificate and address are good for (RFC 9114 3.3). */
  readonly coalesce: boolean;
}

/** Pairs of origin and connection that a 421 has parted; the oldest is forgotten first. */
const MAX_PARTED = 1024;

/**
 * All connections of one agent. It keeps their number within a limit, and finds those that can serve another origin too:
 * necko's nsHttpConnectionMgr in what it knows across origins.
 */
export class ConnectionDirectory implements ConnectionSupervisor {
  readonly #options: DirectoryOptions;
  readonly #manager: HttpConnectionMgr = httpConnectionMgr();
  /** Past their look-up and not over. */
  readonly #admitted = new Set<PooledConnection>();
  /** Those for which there is no room, in order. */
  readonly #waiting = new Map<PooledConnection, readonly Address[]>();
  /** Established ones that others may use, by the address and port they go to. */
  readonly #byEndpoint = new Map<string, Set<PooledConnection>>();
  readonly #parted = new Set<string>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  get service(): SocketTransportService {
    return this.#manager.service;
  }

  get reclaimer(): HttpConnectionMgr {
    return this.#manager;
  }

  /** Connections that count: with or after a handshake, not over. */
  get size(): number {
    return this.#admitted.size;
  }

  /** Connections that wait because there are too many. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  admit(connection: PooledConnection, addresses: readonly Address[]): boolean {
    const other = this.#findOther(connection, addresses);
    if (other !== undefined) {
      connection.replace(other);
      return false;
    }
    if (this.#admitted.size < this.#options.maxConnections) {
      this.#admitted.add(connection);
      return true;
    }
    this.#waiting.set(connection, addresses);
    this.#closeLeastRecentlyUsed();
    return false;
  }

  established(connection: PooledConnection, info: ConnectionInfo): void {
    const { coalescingKey } = connection.owner;
    if (!this.#options.coalesce || coalescingKey === undefined || !info.authorized) return;
    const key = endpoint(info.remoteAddress, info.remotePort);
    const known = this.#byEndpoint.get(key);
    if (known === undefined) this.#byEndpoint.set(key, new Set([connection]));
    else known.add(connection);
  }

  idle(connection: PooledConnection): void {
    if (this.#waiting.size === 0 || connection.wanted) return;
    for (const { plan } of this.#waiting.keys()) {
      if (plan.origin.href === connection.plan.origin.href) continue;
      connection.retire();
      return;
    }
  }

  retired(connection: PooledConnection): void {
    const { info } = connection;
    if (info === undefined) return;
    const key = endpoint(info.remoteAddress, info.remotePort);
    const known = this.#byEndpoint.get(key);
    if (known?.delete(connection) === true && known.size === 0) this.#byEndpoint.delete(key);
  }

  released(connection: PooledConnection): void {
    this.retired(connection);
    this.#waiting.delete(connection);
    if (!this.#admitted.delete(connection)) return;
    for (const [next, addresses] of this.#waiting) {
      if (this.#admitted.size >= this.#options.maxConnections) return;
      this.#waiting.delete(next);
      if (this.admit(next, addresses)) next.proceed();
    }
  }

  /** The server of `connection` does not want requests for `origin` on it (421): it gets none any more. */
  part(origin: string, connection: PooledConnection): void {
    this.#parted.add(pair(origin, connection));
    if (this.#parted.size <= MAX_PARTED) return;
    for (const oldest of this.#parted) {
      this.#parted.delete(oldest);
      return;
    }
  }

  /**
   * A connection of another origin that may serve `wanted`'s: it goes to one of its addresses, at the same port, is verified with
   * the same anchors, and its certificate names the host (RFC 9114 3.3, RFC 9110 4.3.4).
   */
  #findOther(wanted: PooledConnection, addresses: readonly Address[]): PooledConnection | undefined {
    const { origin, route, ownOnly } = wanted.plan;
    const { coalescingKey } = wanted.owner;
    if (ownOnly || coalescingKey === undefined || this.#byEndpoint.size === 0) return undefined;
    for (const { address } of addresses) {
      for (const connection of this.#byEndpoint.get(endpoint(address, route.port)) ?? []) {
        const leaf = connection.info?.certificates[0];
        const usable =
          connection.connected &&
          connection.owner.coalescingKey === coalescingKey &&
          connection.plan.origin.href !== origin.href &&
          !this.#parted.has(pair(origin.href, connection)) &&
          leaf !== undefined &&
          coversHost(leaf, origin.host);
        if (usable) return connection;
      }
    }
    return undefined;
  }

  #closeLeastRecentlyUsed(): void {
    let oldest: PooledConnection | undefined;
    for (const connection of this.#admitted) {
      const { idleSince } = connection;
      if (idleSince !== undefined && idleSince < (oldest?.idleSince ?? Number.POSITIVE_INFINITY)) oldest = connection;
    }
    oldest?.retire();
  }
}

function endpoint(address: string, port: number): string {
  return `${address}|${port}`;
}

function pair(origin: string, connection: PooledConnection): string {
  return `${origin} ${connection.plan.origin.href}`;
}
