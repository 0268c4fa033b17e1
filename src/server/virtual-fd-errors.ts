/** Why a connection gets no virtual fd, and what its socket refuses. */
import { Http3Error } from '../errors.js';

/**
 * No virtual fd for this connection; it is to be refused (CONNECTION_REFUSED). Nothing is lost: the next connection
 * tries again, and succeeds as soon as descriptors are free.
 */
export class VirtualFdExhaustedError extends Http3Error {
  /** 'EMFILE' (this process, its reserve included), 'ENFILE' (the whole system), 'ENOMEM' …; 'ERANGE': beyond the list. */
  readonly errno: string;

  constructor(errno: string, message: string) {
    super('ERR_HTTP3_VIRTUAL_FD_EXHAUSTED', message);
    this.errno = errno;
  }
}

/** The connection list holds `maxConnections` entries already; the connection is to be refused. */
export class ConnectionListFullError extends Http3Error {
  constructor(maxConnections: number) {
    super('ERR_HTTP3_CONNECTION_LIST_FULL', `The connection list is full: ${maxConnections} connections`);
  }
}

/** `session.socket` carries no payload, so it cannot be written to; as node:http2's ERR_HTTP2_NO_SOCKET_MANIPULATION. */
export class NoSocketManipulationError extends Http3Error {
  constructor(method: string) {
    super(
      'ERR_HTTP3_NO_SOCKET_MANIPULATION',
      `socket.${method}() is not possible on an HTTP/3 connection's socket: no payload travels over its virtual fd`,
    );
  }
}
