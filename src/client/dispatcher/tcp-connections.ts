import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Facts of the TCP connection that carries a request. */
export interface TcpConnection {
  readonly protocol: 'h2' | 'http/1.1';
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly resumed: boolean | undefined;
}

type Watcher = (connection: TcpConnection) => void;

let watcher: Watcher | undefined;
let subscribed = false;

/**
 * Tells the connection that a request goes out on. A dispatcher of undici does not say, but publishes it, on the stack on which
 * it told the request's handler that the request starts: so only one can be waiting at a time.
 */
export function watchTcpConnection(callback: Watcher): void {
  if (!subscribed) {
    subscribed = true;
    subscribe('undici:client:sendHeaders', onSendHeaders);
  }
  watcher = callback;
  // A dispatcher that publishes nothing leaves it behind: the next connection is another request's.
  queueMicrotask(() => {
    if (watcher === callback) watcher = undefined;
  });
}

function onSendHeaders(message: unknown): void {
  const callback = watcher;
  watcher = undefined;
  callback?.(toConnection((message as { readonly socket: Socket | TLSSocket }).socket));
}

function toConnection(socket: Socket | TLSSocket): TcpConnection {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const tls = 'alpnProtocol' in socket ? socket : undefined;
  return {
    protocol: tls?.alpnProtocol === 'h2' ? 'h2' : 'http/1.1',
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    resumed: tls?.isSessionReused?.(),
  };
}
