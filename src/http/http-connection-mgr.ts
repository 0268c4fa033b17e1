import type { HttpConnectionUDP } from '../transport/http-connection-udp.js';
import { type SocketTransportService, socketTransportService } from '../transport/socket-transport-service.js';
import type { ConnectionReclaimer } from './connection-handler.js';

/** Owns all connections of a thread and takes them back when they end: necko's nsHttpConnectionMgr. */
export class HttpConnectionMgr implements ConnectionReclaimer {
  readonly service: SocketTransportService;
  readonly #connections = new Set<HttpConnectionUDP>();

  constructor(service: SocketTransportService) {
    this.service = service;
  }

  /** Connections whose native object lives, draining ones included. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  adopt(connection: HttpConnectionUDP): void {
    this.#connections.add(connection);
  }

  /** A session has dropped its handle: nsHttpHandler::ReclaimConnection. */
  reclaimConnection(connection: HttpConnectionUDP): void {
    this.#connections.delete(connection);
  }
}

let manager: HttpConnectionMgr | undefined;

/** The connection manager of this thread. */
export function httpConnectionMgr(): HttpConnectionMgr {
  manager ??= new HttpConnectionMgr(socketTransportService());
  return manager;
}
