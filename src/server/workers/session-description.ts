import type { ServerHttp2Session } from 'node:http2';
import type { ConnectionTls, ServerHttp3Session } from '../server-types.js';

/** What a worker is told of a session, once: before the session's first request that the worker gets. */
export interface SessionDescription {
  /** Decimal: JSON has no bigint. 0 for a session of the TCP sibling. */
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

/** @param session of the server, or of its TCP sibling: that has only addresses */
export function describeSession(session: ServerHttp3Session | ServerHttp2Session): SessionDescription {
  if (!('connection' in session)) return describeTcpSession(session);
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

function describeTcpSession({ socket }: ServerHttp2Session): SessionDescription {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
  const now = Date.now();
  return {
    id: '0',
    fd: -1,
    remoteAddress,
    remotePort,
    localAddress,
    localPort,
    openTime: now,
    connectTime: now,
    tls: undefined,
  };
}
