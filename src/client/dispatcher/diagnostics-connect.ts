import { channel } from 'node:diagnostics_channel';
import type { Origin } from '../../http/origin.js';
import type { ConnectionInfo } from '../../session/session-types.js';

const beforeConnect = channel('undici:client:beforeConnect');
const connected = channel('undici:client:connected');
const connectError = channel('undici:client:connectError');

/** Where a QUIC connection goes, as undici's channels say it. */
export interface ConnectTarget {
  readonly origin: Origin;
  /** The name or address that is connected to: the origin's, or an alternative's. */
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly localAddress: string | undefined;
}

/** `undici:client:beforeConnect`. */
export function publishBeforeConnect(target: ConnectTarget): void {
  if (beforeConnect.hasSubscribers) beforeConnect.publish({ connectParams: connectParams(target) });
}

/** `undici:client:connected`; of undici's socket the four addresses. */
export function publishConnected(target: ConnectTarget, info: ConnectionInfo): void {
  if (!connected.hasSubscribers) return;
  const { localAddress, localPort, remoteAddress, remotePort } = info;
  connected.publish({
    connectParams: connectParams(target),
    socket: { localAddress, localPort, remoteAddress, remotePort },
  });
}

/** `undici:client:connectError`. */
export function publishConnectError(target: ConnectTarget, error: Error): void {
  if (connectError.hasSubscribers) connectError.publish({ connectParams: connectParams(target), error });
}

/** undici gives `host` with the port, and the port as text, '' for the scheme's own. */
function connectParams({ origin, host, port, serverName, localAddress }: ConnectTarget): object {
  const ownPort = port === HTTPS_PORT ? '' : String(port);
  return {
    host: origin.host === host && origin.port === port ? origin.authority : authority(host, ownPort),
    hostname: host,
    protocol: 'https:',
    port: ownPort,
    version: 'h3',
    servername: serverName,
    localAddress: localAddress ?? null,
  };
}

const HTTPS_PORT = 443;

function authority(host: string, port: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === '' ? name : `${name}:${port}`;
}
