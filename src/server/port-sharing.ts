import cluster from 'node:cluster';
import type { Http3ServerDriver } from '../session/http3-server-driver.js';
import type { UdpSocketListener } from '../transport/polled-udp-socket.js';
import { ServerSocket } from '../transport/server-socket.js';
import type { SocketTransportService } from '../transport/socket-transport-service.js';
import { PROCESS_ID_BYTES } from './connection-id-options.js';
import {
  prepareDirectory,
  removeDirectory,
  sharedResetKey,
  socketPath,
  socketPaths,
  systemErrorCode,
} from './port-sharing-directory.js';
import type { ResolvedSharedPort } from './port-sharing-options.js';

/** How often the last process of a cluster may remove the directory while this one comes to life in it. */
const MAX_ATTEMPTS = 10;

/**
 * This process's part in a port that several share: the Unix socket at which the others hand it what the kernel gave them of
 * its connections. Who the others are, the engine sees from the files of the directory.
 */
export class PortSharing implements UdpSocketListener {
  /** The key that all have in common; undefined if the application has one. */
  readonly resetKey: Uint8Array | undefined;
  readonly #directory: string;
  readonly #ofCluster: boolean;
  readonly #service: SocketTransportService;
  readonly #socket: ServerSocket;
  readonly #onLeave: () => void;
  #driver: Http3ServerDriver | undefined;

  /**
   * @param port that is shared
   * @param onLeave called when the primary process tells this one to leave its cluster
   * @throws Error with `code`: EADDRINUSE if a living process has this id, or another one of the file system
   */
  constructor(service: SocketTransportService, shared: ResolvedSharedPort, port: number, onLeave: () => void) {
    this.#service = service;
    this.#ofCluster = shared.ofCluster;
    this.#directory = shared.ofCluster ? `${shared.directory}-${port}` : shared.directory;
    this.#onLeave = onLeave;
    this.#socket = this.#bind(shared.id);
    try {
      this.resetKey = shared.sharesResetKey ? sharedResetKey(this.#directory) : undefined;
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    if (!this.#ofCluster) return;
    this.#removeStale();
    process.once('exit', this.#onExit);
    cluster.worker?.once('disconnect', this.#onLeave);
  }

  /** Begins to hand on, and to take what is handed on. */
  start(driver: Http3ServerDriver): void {
    this.#driver = driver;
    driver.queue({
      runInTurn: () => driver.engine.setForwarding(this.#socket.fd, this.#directory, PROCESS_ID_BYTES),
    });
    this.#socket.asyncListen(this);
  }

  onPacketReceived(): void {
    this.#driver?.recvForwarded();
  }

  onWritable(): void {
    // Never asked for: what another process has no room for is lost, and QUIC sends it again.
  }

  onSocketError(status: number): void {
    this.#driver?.onSocketError(status);
  }

  /** After the engine is gone. Idempotent. */
  close(): void {
    if (this.#socket.closed) return;
    this.#socket.close();
    if (!this.#ofCluster) return;
    process.off('exit', this.#onExit);
    cluster.worker?.off('disconnect', this.#onLeave);
    this.#removeStale();
    removeDirectory(this.#directory);
  }

  readonly #onExit = (): void => this.close();

  #bind(id: number): ServerSocket {
    for (let attempt = 1; ; attempt += 1) {
      prepareDirectory(this.#directory);
      try {
        return new ServerSocket(this.#service, { unixPath: socketPath(this.#directory, id) });
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** What workers that were killed have left; a cluster gives no id twice. Binding succeeds where nobody is any more. */
  #removeStale(): void {
    for (const unixPath of socketPaths(this.#directory)) {
      try {
        new ServerSocket(this.#service, { unixPath }).close();
      } catch (error) {
        if (systemErrorCode(error) !== 'EADDRINUSE') throw error;
      }
    }
  }
}
