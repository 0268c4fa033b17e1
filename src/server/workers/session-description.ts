import type { ConnectionTls, ServerHttp3Session } from '../server-types.js';

/** What a worker is told of a session, once: before the session's first request that the worker gets. */
export interface SessionDescription {
  /** Decimal: JSON has no bigint. */
  readonly id: string;
  readonly fd: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly openTime: number;
  readonly connectTime: number;
  readonly tls: ConnectionTls | undefined;
}

export function describeSession(session: ServerHttp3Session): SessionDescription {
  const { connection } = session;
  return {
    id: String(session.id),
    fd: connection.fd,
    remoteAddress: session.remoteAddress,
    remotePort: session.remotePort,
    localAddress: session.localAddress,
    localPort: session.localPort,
    openTime: connection.openTime,
    connectTime: connection.connectTime,
    tls: connection.tls,
  };
}
