import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { InvalidArgumentError } from '../errors.js';
import { QUIC_DEFAULTS, type QuicOptions, type WebTransportParams } from '../session/session-params.js';
import { MemoryTokenStore, type TokenStore } from '../session/token-store.js';
import { type CertificateInput, type TrustAnchors, trustAnchors } from '../session/trust-anchors.js';
import { count, flag, MAX_TIME, resolveQuicOptions, time } from './option-checks.js';
import { isIpLiteral, type Origin } from './origin.js';

/** As `dns.lookup`, always called with `all: true`. */
export type LookupFunction = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** How connections to an origin are made. Times in milliseconds; 0 switches a time off where that makes sense. */
export interface ConnectionOptions {
  /** Trust anchors instead of Node's: PEM or DER. */
  readonly ca?: CertificateInput | readonly CertificateInput[];
  /** False accepts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean;
  /** Name for SNI and the certificate. Default: the origin's host. */
  readonly servername?: string;
  /** Default `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /** Only addresses of this family; 0 for both. Default 0. */
  readonly family?: 0 | 4 | 6;
  /** Local IP address to send from. */
  readonly localAddress?: string;
  /** From the start of the name look-up to the end of the handshake. Default 10,000. */
  readonly connectTimeout?: number;
  /** Before the next address is tried besides the last (RFC 8305 5). Default 250. */
  readonly attemptDelay?: number;
  /** Of the QUIC connection, without packets (RFC 9000 10.1); 0 leaves it to the server. Default 30,000. */
  readonly idleTimeout?: number;
  /** Without requests, after which the connection is closed; 0 keeps it until the idle timeout. Default 0. */
  readonly keepAliveTimeout?: number;
  /** Between PINGs on an idle connection, which show whether it still lives; 0 for none. Default 60,000. */
  readonly pingInterval?: number;
  /** Where resumption tokens are kept; false for no resumption. Default: a store in memory, one for each session or agent. */
  readonly tokenStore?: TokenStore | false;
  /** Send safe requests without body in 0-RTT where a token allows it (RFC 8470). Default true. */
  readonly earlyData?: boolean;
  /** ECHConfigList for Encrypted Client Hello, as in an HTTPS record's `ech` (RFC 9460). */
  readonly echConfigList?: Uint8Array;
  /** Directory for qlog files. */
  readonly qlogDir?: string;
  /** Requests that wait for a connection or a stream. Default 65,536. */
  readonly maxQueuedRequests?: number;
  readonly quic?: QuicOptions;
}

/** The same with every default in place. */
export interface ResolvedConnectionOptions {
  readonly serverName: string;
  readonly trustAnchors: TrustAnchors | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly family: 0 | 4 | 6;
  readonly localAddress: string | undefined;
  readonly connectTimeout: number;
  readonly attemptDelay: number;
  readonly idleTimeout: number;
  readonly keepAliveTimeout: number;
  readonly pingInterval: number;
  readonly tokenStore: TokenStore | undefined;
  readonly earlyData: boolean;
  readonly echConfigList: Uint8Array | undefined;
  readonly qlogDir: string;
  readonly maxQueuedRequests: number;
  readonly quic: Required<QuicOptions>;
  /** SHA-256 of the certificates that are accepted, whoever signed them; instead of `trustAnchors`. */
  readonly certificateHashes?: readonly Uint8Array[] | undefined;
  /** For connections that carry WebTransport sessions. */
  readonly webTransport?: WebTransportParams | undefined;
}

const DEFAULT_CONNECT_TIMEOUT = 10_000;
const DEFAULT_ATTEMPT_DELAY = 250;
const DEFAULT_IDLE_TIMEOUT = 30_000;
const DEFAULT_PING_INTERVAL = 60_000;
const DEFAULT_MAX_QUEUED_REQUESTS = 65_536;

/** @throws InvalidArgumentError that names the option */
export function resolveConnectionOptions(origin: Origin, options: ConnectionOptions): ResolvedConnectionOptions {
  const { family = 0, localAddress, tokenStore, echConfigList, qlogDir = '', rejectUnauthorized = true } = options;
  if (family !== 0 && family !== 4 && family !== 6) throw new InvalidArgumentError('family: must be 0, 4 or 6');
  if (localAddress !== undefined && !isIpLiteral(localAddress)) {
    throw new InvalidArgumentError(`localAddress: '${localAddress}' is not an IP address`);
  }
  if (localAddress !== undefined && family !== 0 && isIP(localAddress) !== family) {
    throw new InvalidArgumentError(`localAddress: '${localAddress}' is not of family ${family}`);
  }
  // An empty list would switch ECH off without a word.
  if (echConfigList !== undefined && !(echConfigList instanceof Uint8Array && echConfigList.length > 0)) {
    throw new InvalidArgumentError('echConfigList: must be bytes, and not empty');
  }
  const serverName = options.servername ?? origin.host;
  if (!/^[\x21-\x7e]+$/.test(serverName)) throw new InvalidArgumentError('servername: must be a host name in ASCII');
  return {
    serverName,
    trustAnchors: rejectUnauthorized ? trustAnchors(options.ca) : undefined,
    lookup: options.lookup,
    family,
    localAddress,
    connectTimeout: time('connectTimeout', options.connectTimeout, DEFAULT_CONNECT_TIMEOUT),
    attemptDelay: time('attemptDelay', options.attemptDelay, DEFAULT_ATTEMPT_DELAY),
    // neqo takes 0 for a time that has come.
    idleTimeout: time('idleTimeout', options.idleTimeout, DEFAULT_IDLE_TIMEOUT) || MAX_TIME,
    keepAliveTimeout: time('keepAliveTimeout', options.keepAliveTimeout, 0),
    pingInterval: time('pingInterval', options.pingInterval, DEFAULT_PING_INTERVAL),
    tokenStore: tokenStore === false ? undefined : (tokenStore ?? new MemoryTokenStore()),
    earlyData: flag('earlyData', options.earlyData, true),
    echConfigList,
    qlogDir,
    maxQueuedRequests: count(
      'maxQueuedRequests',
      options.maxQueuedRequests,
      DEFAULT_MAX_QUEUED_REQUESTS,
      Number.MAX_SAFE_INTEGER,
    ),
    quic: resolveQuicOptions(options.quic ?? {}, QUIC_DEFAULTS),
  };
}
