import { randomBytes } from 'node:crypto';
import { InvalidArgumentError } from '../errors.js';
import { count, flag, MAX_COUNT, MAX_TIME, resolveQuicOptions, section, time } from '../http/option-checks.js';
import { RetryPolicy } from '../native-server.js';
import { QUIC_DEFAULTS, type QuicOptions } from '../session/session-params.js';
import { type ConnectionIdLayout, type ConnectionIdOptions, resolveConnectionIds } from './connection-id-options.js';
import type { CredentialOptions } from './credentials.js';
import { type ResolvedSharedPort, resolveSharedPort, type SharedPortOptions } from './port-sharing-options.js';
import { SESSION_ID_NODES } from './session-ids.js';
import { resolveTcpOptions, type TcpOptions } from './tcp-options.js';
import { checkVirtualFdOptions, type VirtualFdOptions } from './virtual-fd-options.js';
import {
  type ResolvedServerWebTransport,
  resolveServerWebTransport,
  type ServerWebTransportOptions,
} from './webtransport/webtransport-options.js';
import { resolveWorkerOptions, type WorkerOptions } from './workers/worker-options.js';

/** Answers the name of a ClientHello with a certificate; without one the server's own is used. */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: CredentialOptions) => void,
) => void;

/** When a client has to prove its address first (Retry, RFC 9000 8.1.2), at the price of a round trip. */
export type RetryMode = 'never' | 'always' | 'auto';

/** Options of createSecureServer. Times in milliseconds, sizes in bytes. */
export interface ServerOptions extends Partial<CredentialOptions> {
  /** Finds the certificate for a host name for which `addContext` set none. */
  readonly SNICallback?: SniCallback;
  /** Connections at most, handshakes included; more wait, then are refused (CONNECTION_REFUSED). Default 10,000. */
  readonly maxConnections?: number;
  /** New connections that wait for a place, and for how long. Defaults 128 and 1,000. */
  readonly maxQueuedConnections?: number;
  readonly queueTimeout?: number;
  /** Handshakes under way at most; more wait as above. Default 2,000. */
  readonly maxPendingHandshakes?: number;
  /** From a client's first packet to the end of its handshake. Default 10,000. */
  readonly handshakeTimeout?: number;
  /** Default 'auto': while more handshakes are under way than `retryAbove`, until there are fewer than `retryBelow`. */
  readonly retry?: RetryMode;
  /** Defaults 500 and 250. */
  readonly retryAbove?: number;
  readonly retryBelow?: number;
  /** Let clients resume: send session tickets. Default true. */
  readonly sessionTickets?: boolean;
  /** Accept requests in 0-RTT; an attacker can replay them within limits (RFC 8470). Default false. */
  readonly zeroRtt?: boolean;
  /** For how long a 0-RTT ClientHello is remembered, so that it is not taken twice. Default 10,000. */
  readonly zeroRttWindow?: number;
  /**
   * 32 bytes: tells clients of a former process, which had the same key, that it is gone. Default: random; with `sharedPort`, one
   * that is kept in the directory.
   */
  readonly statelessResetKey?: Uint8Array;
  readonly connectionId?: ConnectionIdOptions;
  /** Several processes listen on the port. `true`: the workers of a cluster (node:cluster). Default false. */
  readonly sharedPort?: boolean | SharedPortOptions;
  /** Of a connection, without packets (RFC 9000 10.1). Default 30,000. */
  readonly idleTimeout?: number;
  /** Largest header section (RFC 9114 4.2.2); above it the answer is 431. Default 16,384. */
  readonly maxHeaderSize?: number;
  /** Fields in a header section; above it the answer is 431. Default 128. */
  readonly maxHeaderListPairs?: number;
  /** Requests open at once on a connection. Default 100. */
  readonly maxConcurrentStreams?: number;
  /** From a request's header section to its end; then the answer is 408. 0 switches it off. Default 300,000. */
  readonly requestTimeout?: number;
  /** Without activity on a session, after which 'timeout' is emitted. 0 switches it off. Default 0. */
  readonly timeout?: number;
  /** Add a Date field to responses that have none. Default true. */
  readonly sendDate?: boolean;
  /** Directory for qlog files. */
  readonly qlogDir?: string;
  readonly virtualFds?: VirtualFdOptions;
  /**
   * Which process of a group this is, 0 to 65,535: keeps their session ids apart. Default: `sharedPort`'s id, or from the process
   * id.
   */
  readonly nodeId?: number;
  /** HTTP/2 and HTTP/1.1 on the TCP port of the same number, for clients that do not know of HTTP/3 yet. Default false. */
  readonly tcp?: boolean | TcpOptions;
  /** Serve the requests in worker threads. */
  readonly workers?: WorkerOptions;
  /** Take WebTransport sessions. Default false. */
  readonly webTransport?: boolean | ServerWebTransportOptions;
  readonly quic?: Omit<QuicOptions, 'sniSlicing'>;
}

/** The same with every default in place. */
export interface ResolvedServerOptions extends ConnectionIdLayout {
  readonly SNICallback: SniCallback | undefined;
  readonly maxConnections: number;
  readonly maxQueuedConnections: number;
  readonly queueTimeout: number;
  readonly maxPendingHandshakes: number;
  readonly handshakeTimeout: number;
  /** One of {@link RetryPolicy}. */
  readonly retryPolicy: number;
  readonly retryAbove: number;
  readonly retryBelow: number;
  readonly sessionTickets: boolean;
  /** 0: no 0-RTT. */
  readonly zeroRttWindow: number;
  readonly statelessResetKey: Uint8Array;
  readonly sharedPort: ResolvedSharedPort | undefined;
  readonly idleTimeout: number;
  readonly maxHeaderSize: number;
  readonly maxHeaderListPairs: number;
  readonly maxConcurrentStreams: number;
  readonly requestTimeout: number;
  readonly timeout: number;
  readonly sendDate: boolean;
  readonly qlogDir: string;
  readonly virtualFds: VirtualFdOptions | undefined;
  readonly nodeId: number | undefined;
  readonly tcp: Required<TcpOptions> | undefined;
  readonly workers: WorkerOptions | undefined;
  readonly webTransport: ResolvedServerWebTransport | undefined;
  readonly quic: Required<QuicOptions>;
}

/**
 * Of a server. The windows bound what a connection may make the server hold: 16 MiB for all its request bodies together,
 * and at first 1 MiB for each. One socket serves all connections, so its buffers are larger than a client's.
 */
const SERVER_QUIC_DEFAULTS: Required<QuicOptions> = {
  ...QUIC_DEFAULTS,
  maxData: 16 * 1024 * 1024,
  maxStreamData: 1024 * 1024,
  qpackMaxTableCapacity: 16_384,
  receiveBufferSize: 8 * 1024 * 1024,
  sendBufferSize: 4 * 1024 * 1024,
};

const RETRY_POLICIES: Readonly<Record<RetryMode, number>> = {
  never: RetryPolicy.NEVER,
  always: RetryPolicy.ALWAYS,
  auto: RetryPolicy.LOAD,
};
const RESET_KEY_BYTES = 32;

/** @throws InvalidArgumentError that names the option */
export function resolveServerOptions(options: ServerOptions): ResolvedServerOptions {
  section('options', options);
  if ('pfx' in options && options.pfx !== undefined) {
    throw new InvalidArgumentError('pfx: PKCS #12 is not supported; give key and cert as PEM (openssl pkcs12 -nodes)');
  }
  const { retry = 'auto', statelessResetKey, SNICallback, qlogDir = '', nodeId } = options;
  const { quic = {}, virtualFds, workers, connectionId } = options;
  const retryPolicy = Object.hasOwn(RETRY_POLICIES, retry) ? RETRY_POLICIES[retry] : undefined;
  if (retryPolicy === undefined) throw new InvalidArgumentError("retry: must be 'never', 'always' or 'auto'");
  if (SNICallback !== undefined && typeof SNICallback !== 'function') {
    throw new InvalidArgumentError('SNICallback: must be a function');
  }
  if (typeof qlogDir !== 'string') throw new InvalidArgumentError('qlogDir: must be the path of a directory');
  const resetKey = statelessResetKey ?? randomBytes(RESET_KEY_BYTES);
  if (!(resetKey instanceof Uint8Array && resetKey.length === RESET_KEY_BYTES)) {
    throw new InvalidArgumentError(`statelessResetKey: must be ${RESET_KEY_BYTES} bytes`);
  }
  const retryAbove = count('retryAbove', options.retryAbove, 500, MAX_COUNT);
  const retryBelow = count('retryBelow', options.retryBelow, Math.ceil(retryAbove / 2), retryAbove);
  const sharedPort = resolveSharedPort(options.sharedPort, statelessResetKey === undefined);
  const zeroRttWindow = time('zeroRttWindow', options.zeroRttWindow, 10_000);
  const maxConnections = count('maxConnections', options.maxConnections, 10_000, MAX_COUNT, 1);
  const sendDate = flag('sendDate', options.sendDate, true);
  if (virtualFds !== undefined) checkVirtualFdOptions(section('virtualFds', virtualFds), maxConnections);
  if (workers !== undefined) resolveWorkerOptions(section('workers', workers), sendDate);
  return {
    SNICallback,
    maxConnections,
    maxQueuedConnections: count('maxQueuedConnections', options.maxQueuedConnections, 128, MAX_COUNT),
    queueTimeout: time('queueTimeout', options.queueTimeout, 1000),
    maxPendingHandshakes: count('maxPendingHandshakes', options.maxPendingHandshakes, 2000, MAX_COUNT, 1),
    handshakeTimeout: time('handshakeTimeout', options.handshakeTimeout, 10_000) || MAX_TIME,
    retryPolicy,
    retryAbove,
    retryBelow,
    sessionTickets: flag('sessionTickets', options.sessionTickets, true),
    zeroRttWindow: flag('zeroRtt', options.zeroRtt, false) ? zeroRttWindow : 0,
    statelessResetKey: resetKey,
    ...resolveConnectionIds(
      connectionId === undefined ? undefined : section('connectionId', connectionId),
      sharedPort?.id,
    ),
    sharedPort,
    // neqo takes 0 for a time that has come.
    idleTimeout: time('idleTimeout', options.idleTimeout, 30_000) || MAX_TIME,
    maxHeaderSize: count('maxHeaderSize', options.maxHeaderSize, 16_384, MAX_COUNT, 1),
    maxHeaderListPairs: count('maxHeaderListPairs', options.maxHeaderListPairs, 128, MAX_COUNT, 4),
    maxConcurrentStreams: count('maxConcurrentStreams', options.maxConcurrentStreams, 100, MAX_COUNT, 1),
    requestTimeout: time('requestTimeout', options.requestTimeout, 300_000),
    timeout: time('timeout', options.timeout, 0),
    sendDate,
    qlogDir,
    virtualFds,
    nodeId: nodeId === undefined ? sharedPort?.id : count('nodeId', nodeId, 0, SESSION_ID_NODES - 1),
    tcp: resolveTcpOptions(options.tcp),
    workers,
    webTransport: resolveServerWebTransport(options.webTransport),
    quic: resolveQuicOptions(section('quic', quic), SERVER_QUIC_DEFAULTS),
  };
}
