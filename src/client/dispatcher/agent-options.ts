import { Agent, type buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { InvalidArgumentError, NotSupportedError } from '../../errors.js';
import {
  type LookupFunction,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../../http/connection-options.js';
import type { HttpsRecordResolver } from '../../http/https-record.js';
import { count, flag, MAX_COUNT, MAX_TIME, section, time } from '../../http/option-checks.js';
import type { Origin } from '../../http/origin.js';
import type { QuicOptions } from '../../session/session-params.js';
import type { TokenStore } from '../../session/token-store.js';
import type { CertificateInput } from '../../session/trust-anchors.js';
import type { AgentStore } from '../store/agent-store.js';
import type { AlternativeHint } from './alternative-services.js';
import type { RequestDefaults } from './dispatch-request.js';

/**
 * How a protocol is chosen for an origin:
 *
 * - `auto`: as a browser does. TCP, unless something says that the origin has HTTP/3 (an Alt-Svc field, an HTTPS record, a hint);
 *   then a QUIC connection is tried, with a head start before TCP.
 * - `h3-first`: as if every origin had said so.
 * - `h3`: HTTP/3 only; what it cannot do fails.
 */
export type ProtocolChoice = 'auto' | 'h3' | 'h3-first';

/** undici's `connect`. What QUIC has too holds for both; everything else is for TCP. */
export type ConnectorOptions = Omit<
  buildConnector.BuildOptions,
  'ca' | 'lookup' | 'timeout' | 'localAddress' | 'family'
> & {
  /** To establish a connection, milliseconds; 0: no limit. Default 10,000. */
  readonly timeout?: number | null;
  /** Trust anchors instead of Node's: PEM or DER. */
  readonly ca?: CertificateInput | readonly CertificateInput[];
  /** False accepts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean;
  /** Name for SNI and the certificate. Default: the request's `servername`, the host of its `host` field, or the origin's. */
  readonly servername?: string;
  /** As `dns.lookup`, with `all: true`. */
  readonly lookup?: LookupFunction;
  /** Only addresses of this family; 0 for both. Default 0. */
  readonly family?: 0 | 4 | 6;
  /** Local IP address to connect from. */
  readonly localAddress?: string | null;
};

/** Options of Http3Client: those of undici's Client that HTTP/3 has, and those of HTTP/3. */
export interface Http3ClientOptions
  extends Omit<Agent.Options, 'connect' | 'factory' | 'maxOrigins' | 'connections' | 'idleTimeout'> {
  /** Default 'auto'. */
  readonly protocol?: ProtocolChoice;
  /** That a QUIC connection gets before TCP is tried besides it, milliseconds. Default 250. */
  readonly headStart?: number;
  /** Origins that are known to have HTTP/3, and where. */
  readonly hints?: readonly AlternativeHint[];
  /** Asks for the HTTPS records (RFC 9460) of a name. Default: nobody is asked. */
  readonly resolveHttpsRecord?: HttpsRecordResolver;
  /** Keeps Alt-Svc, broken paths and resumption tokens. Default: in memory. */
  readonly store?: AgentStore;
  /** Where resumption tokens are kept instead; false for no resumption. Default: in `store`. */
  readonly tokenStore?: TokenStore | false;
  /** Carries what goes over TCP, and stays open when this is closed. Default: an undici Agent with these options and HTTP/2. */
  readonly tcp?: Dispatcher;
  /**
   * A proxy, with which everything goes over TCP: its URL, undici's ProxyAgent options, or 'env' for what the environment says
   * (undici's EnvHttpProxyAgent).
   */
  readonly proxy?: string | URL | ProxyAgent.Options | 'env';
  /** undici's: TLS and addresses. A function makes TCP connections its own way, and with it everything goes over TCP. */
  readonly connect?: ConnectorOptions | buildConnector.connector;
  /** QUIC connections to an origin. Default 1. TCP has no limit unless this is given. */
  readonly connections?: number | null;
  /** Use a connection to another origin whose certificate and address fit (RFC 9114 3.3). Default true. */
  readonly coalescing?: boolean;
  /** QUIC connections in all. Default: no limit. */
  readonly maxConnections?: number;
  /** Of a QUIC connection, without packets (RFC 9000 10.1), milliseconds; 0 leaves it to the server. Default 30,000. */
  readonly idleTimeout?: number;
  /** Before the next address is tried besides the last (RFC 8305 5), milliseconds. Default 250. */
  readonly attemptDelay?: number;
  /** Send safe requests without body in 0-RTT where a token allows it (RFC 8470). Default true. */
  readonly earlyData?: boolean;
  /** Directory for qlog files. */
  readonly qlogDir?: string;
  /** Requests of an origin that wait for a connection or a stream. Default 65,536. */
  readonly maxQueuedRequests?: number;
  readonly quic?: QuicOptions;
}

/** Options of Http3Agent. */
export interface Http3AgentOptions extends Http3ClientOptions {
  /** Origins that are in use at a time; a request to one more fails with UND_ERR_MAX_ORIGINS_REACHED. Default: no limit. */
  readonly maxOrigins?: number;
}

/** The same, checked and with every default in place. */
export interface ResolvedAgentOptions {
  readonly protocol: ProtocolChoice;
  readonly headStart: number;
  readonly requests: RequestDefaults;
  readonly connections: number;
  readonly maxConcurrentStreams: number;
  readonly maxConnections: number;
  readonly maxOrigins: number;
  readonly coalescing: boolean;
  /** Why HTTP/3 is not used at all. */
  readonly tcpOnly: string | undefined;
  /** Options of the connections to an origin. */
  connection(origin: Origin, serverName: string | undefined, tokenStore: TokenStore | false): ResolvedConnectionOptions;
}

const DEFAULT_HEAD_START = 250;
const DEFAULT_KEEP_ALIVE_TIMEOUT = 4000;
const DEFAULT_CONNECT_TIMEOUT = 10_000;
const DEFAULT_REQUEST_TIMEOUT = 300_000;
const DEFAULT_MAX_HEADER_SIZE = 65_536;
const DEFAULT_MAX_CONCURRENT_STREAMS = 100;
const PROTOCOLS: readonly ProtocolChoice[] = ['auto', 'h3', 'h3-first'];

/** @throws InvalidArgumentError that names the option; NotSupportedError for what HTTP/3 only (`protocol: 'h3'`) cannot do */
export function resolveAgentOptions(options: Http3AgentOptions): ResolvedAgentOptions {
  section('options', options);
  const { protocol = 'auto', connect = {}, maxResponseSize = -1 } = options;
  if (!PROTOCOLS.includes(protocol)) {
    throw new InvalidArgumentError(`protocol: must be one of ${PROTOCOLS.join(', ')}, not ${String(protocol)}`);
  }
  if (typeof connect !== 'function') section('connect', connect);
  const tcpOnly = whyTcpOnly(options);
  if (protocol === 'h3' && tcpOnly !== undefined) throw new NotSupportedError(`protocol 'h3': ${tcpOnly}`);
  if (!Number.isInteger(maxResponseSize) || maxResponseSize < -1) {
    throw new InvalidArgumentError('maxResponseSize: must be a number of bytes, or -1 for no limit');
  }
  checkDispatcher(options.tcp);
  const resolved: ResolvedAgentOptions = {
    protocol,
    headStart: time('headStart', options.headStart, DEFAULT_HEAD_START),
    requests: {
      headersTimeout: time('headersTimeout', options.headersTimeout, DEFAULT_REQUEST_TIMEOUT),
      bodyTimeout: time('bodyTimeout', options.bodyTimeout, DEFAULT_REQUEST_TIMEOUT),
      maxHeaderSize: count('maxHeaderSize', options.maxHeaderSize, DEFAULT_MAX_HEADER_SIZE, MAX_COUNT, 1),
      maxResponseSize,
      strictContentLength: flag('strictContentLength', options.strictContentLength, true),
    },
    connections: count('connections', options.connections ?? undefined, 1, MAX_COUNT, 1),
    maxConcurrentStreams: count(
      'maxConcurrentStreams',
      options.maxConcurrentStreams,
      DEFAULT_MAX_CONCURRENT_STREAMS,
      MAX_COUNT,
      1,
    ),
    maxConnections: limit('maxConnections', options.maxConnections),
    maxOrigins: limit('maxOrigins', options.maxOrigins),
    coalescing: flag('coalescing', options.coalescing, true),
    tcpOnly,
    connection: (origin, serverName, tokenStore) => connectionOptions(options, origin, serverName, tokenStore),
  };
  // What an origin's connections would be made with is checked now, not when the first request is under way.
  if (tcpOnly === undefined) resolved.connection(PROBE, undefined, false);
  if (protocol !== 'h3' && options.tcp === undefined) void new Client(PROBE.href, tcpOptions(options, true)).destroy();
  return resolved;
}

const PROBE: Origin = { host: 'localhost', port: 443, authority: 'localhost', href: 'https://localhost' };

function connectionOptions(
  options: Http3ClientOptions,
  origin: Origin,
  serverName: string | undefined,
  tokenStore: TokenStore | false,
): ResolvedConnectionOptions {
  const connect: ConnectorOptions = typeof options.connect === 'function' ? {} : (options.connect ?? {});
  const servername = connect.servername ?? serverName;
  const localAddress = connect.localAddress ?? options.localAddress;
  return resolveConnectionOptions(origin, {
    connectTimeout: connect.timeout ?? options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    keepAliveTimeout: count('keepAliveTimeout', options.keepAliveTimeout, DEFAULT_KEEP_ALIVE_TIMEOUT, MAX_TIME, 1),
    tokenStore,
    ...(servername !== undefined && { servername }),
    ...(localAddress != null && { localAddress }),
    ...given(connect, ['ca', 'rejectUnauthorized', 'lookup', 'family']),
    ...given(options, [
      'idleTimeout',
      'attemptDelay',
      'earlyData',
      'pingInterval',
      'qlogDir',
      'maxQueuedRequests',
      'quic',
    ]),
  });
}

/** Those of the options that were given. */
function given<Options extends object, Name extends keyof Options>(
  options: Options,
  names: readonly Name[],
): Pick<Options, Name> {
  const picked: Partial<Pick<Options, Name>> = {};
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name];
  return picked as Pick<Options, Name>;
}

function limit(name: string, value: number | undefined): number {
  return value === undefined || value === Number.POSITIVE_INFINITY
    ? Number.POSITIVE_INFINITY
    : count(name, value, 0, Number.MAX_SAFE_INTEGER, 1);
}

function checkDispatcher(tcp: Dispatcher | undefined): void {
  if (tcp !== undefined && typeof tcp?.dispatch !== 'function') {
    throw new InvalidArgumentError('tcp: must be a dispatcher of undici');
  }
}

/** Dispatchers of undici, of any version, that go through a proxy. */
const PROXY_DISPATCHERS = new Set(['ProxyAgent', 'EnvHttpProxyAgent', 'Socks5ProxyAgent']);

/** What only TCP can do, if the user asks for such a thing. */
function whyTcpOnly({ connect, proxy, tcp, socketPath }: Http3ClientOptions): string | undefined {
  if (proxy !== undefined) return 'HTTP/3 here does not go through a proxy';
  if (tcp !== undefined && PROXY_DISPATCHERS.has(tcp.constructor?.name)) {
    return `HTTP/3 here does not go through a proxy, and tcp is a ${tcp.constructor.name}`;
  }
  if (socketPath != null) return 'a Unix socket (socketPath) carries no QUIC';
  if (typeof connect === 'function') return 'a connect function makes TCP connections only';
  if (connect == null) return undefined;
  const maxVersion: unknown = Reflect.get(connect, 'maxVersion');
  if (maxVersion != null && maxVersion !== 'TLSv1.3') return `QUIC has TLS 1.3, beyond connect.maxVersion`;
  const option = TCP_ONLY_TLS.find((name) => Reflect.get(connect, name) != null);
  return option && `HTTP/3 here has no connect.${option}`;
}

/**
 * Options of `tls.connect` that a user relies on, such as a client certificate, a pinned one, or a choice of ciphers, and that QUIC
 * here does not have.
 */
const TCP_ONLY_TLS = [
  'cert',
  'key',
  'pfx',
  'checkServerIdentity',
  'secureContext',
  'crl',
  'pskCallback',
  'ciphers',
  'ecdhCurve',
  'sigalgs',
  'secureOptions',
  'secureProtocol',
  'clientCertEngine',
  'privateKeyEngine',
  'allowPartialTrustChain',
  'socketPath',
] as const;

/**
 * The dispatcher for what goes over TCP, made from the same options.
 *
 * @param allowHttp2 false for what HTTP/2 cannot do either
 */
export function makeTcpDispatcher(options: Http3AgentOptions, allowHttp2: boolean): Dispatcher {
  const { connect, proxy } = options;
  const agentOptions = tcpOptions(options, allowHttp2);
  if (proxy === undefined) return new Agent(agentOptions);
  // The user's `connect` is about origins, which undici's ProxyAgent calls requestTls.
  const requestTls = typeof connect === 'function' ? undefined : (connect as buildConnector.BuildOptions | undefined);
  const proxied = { ...agentOptions, ...(requestTls !== undefined && { requestTls }) };
  if (proxy === 'env') return new EnvHttpProxyAgent(proxied);
  const proxyOptions = typeof proxy === 'string' || proxy instanceof URL ? { uri: String(proxy) } : proxy;
  return new ProxyAgent({ ...proxied, ...proxyOptions });
}

/** Node 20's node:http2 can corrupt memory when streams are reset while it reads, as they are when requests are aborted. */
const HTTP2_IS_SOUND = Number.parseInt(process.versions.node, 10) >= 22;

/** Whether HTTP/2 is spoken over TCP. */
export function wantsHttp2({ allowH2 = HTTP2_IS_SOUND }: Http3AgentOptions): boolean {
  return allowH2;
}

/** Without what is ours. */
function tcpOptions(options: Http3AgentOptions, allowHttp2: boolean): Agent.Options {
  const { protocol, headStart, hints, resolveHttpsRecord, store, tokenStore, tcp, proxy, ...rest } = options;
  const {
    coalescing,
    maxConnections,
    idleTimeout,
    attemptDelay,
    earlyData,
    qlogDir,
    maxQueuedRequests,
    quic,
    ...shared
  } = rest;
  return { ...shared, allowH2: allowHttp2 && wantsHttp2(options) } as Agent.Options;
}
