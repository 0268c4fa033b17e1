/**
 * `session.socket`: a net.Socket over a connection's virtual fd.
 *
 * It ends when the QUIC connection ends ('end', then 'close'), and destroying it ends the QUIC connection. Addresses,
 * byte counts and TLS facts are the QUIC connection's. No payload travels over it: writing throws.
 */
import { type AddressInfo, isIPv6, Socket } from 'node:net';
import type { Connection } from './server-types.js';
import { NoSocketManipulationError } from './virtual-fd-errors.js';

function family(address: string): 'IPv4' | 'IPv6' {
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}

export class VirtualSocket extends Socket {
  readonly #connection: Connection;
  readonly #onDestroyed: () => void;
  #idleMs = 0;
  #idleSince = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  // Accessors on the prototype, as net.Socket has them. TypeScript knows them as properties, which a class that extends
  // it cannot replace by accessors, hence not in its body.
  static {
    const fact = <T>(get: (connection: Connection) => T): PropertyDescriptor => ({
      configurable: true,
      get(this: VirtualSocket): T {
        return get(this.#connection);
      },
    });
    Object.defineProperties(VirtualSocket.prototype, {
      remoteAddress: fact((connection) => connection.remoteAddress),
      remotePort: fact((connection) => connection.remotePort),
      remoteFamily: fact((connection) => family(connection.remoteAddress)),
      localAddress: fact((connection) => connection.localAddress),
      localPort: fact((connection) => connection.localPort),
      localFamily: fact((connection) => family(connection.localAddress)),
      bytesRead: fact((connection) => connection.bytesReceived),
      bytesWritten: fact((connection) => connection.bytesSent),
      timeout: {
        configurable: true,
        get(this: VirtualSocket): number | undefined {
          return this.#idleMs || undefined;
        },
      },
    });
  }

  /**
   * @param fd the virtual fd; the socket owns it from now on and closes it
   * @param connection where its facts come from
   * @param onDestroyed called once when the socket is destroyed, whoever did it; the fd is closed then
   */
  constructor(fd: number, connection: Connection, onDestroyed: () => void) {
    super({ fd, readable: true, writable: true, allowHalfOpen: false });
    this.#connection = connection;
    this.#onDestroyed = onDestroyed;
    // The UDP socket decides whether the process stays.
    this.unref();
  }

  /** As tls.TLSSocket has it: what asks whether a request came over TLS looks here. */
  get encrypted(): true {
    return true;
  }

  /** 'h3'; false before the handshake is complete. */
  get alpnProtocol(): string | false {
    return this.#connection.tls?.alpn ?? false;
  }

  /** The name the client asked for; false if none, or before the handshake is complete. */
  get servername(): string | false {
    return this.#connection.tls?.serverName || false;
  }

  override address(): AddressInfo {
    const { localAddress, localPort } = this.#connection;
    return { address: localAddress, family: family(localAddress), port: localPort };
  }

  /** @throws NoSocketManipulationError always */
  override write(): never {
    throw new NoSocketManipulationError('write');
  }

  /** @throws NoSocketManipulationError unless the connection has ended: the stream machinery calls it then */
  override end(): this {
    if (!this.readableEnded) throw new NoSocketManipulationError('end');
    return super.end();
  }

  override destroySoon(): void {
    this.destroy();
  }

  /** 'timeout' once nothing was received from the peer for so many milliseconds; 0: never. The connection stays open. */
  override setTimeout(milliseconds: number, callback?: () => void): this {
    clearTimeout(this.#idleTimer);
    this.#idleMs = milliseconds;
    this.#idleSince = Date.now();
    if (milliseconds > 0) {
      if (callback !== undefined) this.once('timeout', callback);
      this.#armIdleTimer(milliseconds);
    } else if (callback !== undefined) {
      this.off('timeout', callback);
    }
    return this;
  }

  #armIdleTimer(delayMs: number): void {
    this.#idleTimer = setTimeout(() => this.#idleTimerExpired(), delayMs);
    this.#idleTimer.unref();
  }

  #idleTimerExpired(): void {
    const { lastReceiveTime } = this.#connection;
    const leftMs = Math.max(lastReceiveTime, this.#idleSince) + this.#idleMs - Date.now();
    if (leftMs > 0) {
      this.#armIdleTimer(leftMs);
      return;
    }
    this.#idleSince = Date.now();
    this.#armIdleTimer(this.#idleMs);
    this.emit('timeout');
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    super._destroy(error, callback);
    this.#onDestroyed();
  }
}
