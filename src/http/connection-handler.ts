import type { ConnectionHandle } from '../session/session-types.js';
import type { HttpConnectionUDP } from '../transport/http-connection-udp.js';

/** Takes connections back: the connection manager. */
export interface ConnectionReclaimer {
  reclaimConnection(connection: HttpConnectionUDP): void;
}

/**
 * The session's hold on its connection: necko's ConnectionHandle. Releasing it takes the connection out of the manager.
 */
export class ConnectionHandler implements ConnectionHandle {
  readonly #reclaimer: ConnectionReclaimer;
  readonly #connection: HttpConnectionUDP;
  #released = false;

  constructor(reclaimer: ConnectionReclaimer, connection: HttpConnectionUDP) {
    this.#reclaimer = reclaimer;
    this.#connection = connection;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#reclaimer.reclaimConnection(this.#connection);
  }
}
