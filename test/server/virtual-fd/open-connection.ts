import type { ConnectionEntry, ConnectionFacts } from '../../../src/server/connection-entry.js';
import type { ConnectionRegistry } from '../../../src/server/connection-registry.js';
import type { ConnectionEnd, ConnectionTls } from '../../../src/server/server-types.js';

export const FACTS: ConnectionFacts = {
  remoteAddress: '127.0.0.1',
  remotePort: 50_000,
  localAddress: '127.0.0.2',
  localPort: 443,
  onSocketClosed: () => undefined,
};

export const TLS: ConnectionTls = {
  serverName: 'example.org',
  alpn: 'h3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  group: 'x25519',
  resumed: false,
  earlyData: false,
};

/** H3_NO_ERROR. */
export const CLEAN_END: ConnectionEnd = { code: 0x100, error: undefined };

/** Entries of connections whose handshake is complete. */
export function openConnections(registry: ConnectionRegistry, count: number): ConnectionEntry[] {
  return Array.from({ length: count }, () => {
    const entry = registry.open(FACTS);
    entry.connected(TLS);
    return entry;
  });
}
