import { stringify } from 'node:querystring';
import type { Dispatcher } from 'undici';
import { InvalidArgumentError, RequestContentLengthMismatchError } from '../../errors.js';
import { isFieldValue, isToken } from '../../http/fields.js';
import type { TransactionLimits } from '../../http/http-transaction.js';
import { MAX_TIME } from '../../http/option-checks.js';
import { isIpLiteral, type Origin, parseOrigin } from '../../http/origin.js';
import type { Priority } from '../../stream/transaction.js';
import { resolvePriority } from '../request-options.js';
import type { ResponseConnectionInfo } from './connection-info.js';
import { DispatchHeaders } from './dispatch-headers.js';
import { type OutgoingBody, toOutgoingBody } from './outgoing-body.js';

/** What a dispatcher's options say about requests that do not say it themselves. Milliseconds (0: no limit) and bytes. */
export interface RequestDefaults extends TransactionLimits {
  /** Of the response body; -1: no limit. */
  readonly maxResponseSize: number;
  readonly strictContentLength: boolean;
}

/** Options of a request that our dispatchers take besides undici's. */
export interface Http3RequestExtras {
  readonly servername?: string | null;
  /** Of the response (RFC 9218). Default urgency 3, not incremental. */
  readonly priority?: Partial<Priority>;
  /** Called when the response headers come, before the handler gets them: which connection answers. */
  readonly onConnectionInfo?: (info: ResponseConnectionInfo) => void;
}

/** Options of a request, undici's and ours. */
export interface Http3DispatchOptions extends Dispatcher.DispatchOptions, Http3RequestExtras {}

/** Methods whose requests may be repeated (RFC 9110 9.2.2), as far as undici says so. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'QUERY']);
/** Control characters, space, and what is beyond Latin-1. */
const NOT_IN_PATH = /[^\x21-\xff]/;

/**
 * Checks a dispatcher's options by undici's rules.
 *
 * @throws InvalidArgumentError (NotSupportedError for an `expect` field, RequestContentLengthMismatchError for a body that is not
 *   as long as it says, unless `strictContentLength` is off)
 */
export function parseDispatchOptions(options: unknown, defaults: RequestDefaults): DispatchRequest {
  if (typeof options !== 'object' || options === null) throw new InvalidArgumentError('opts must be an object.');
  return new DispatchRequest(options as Http3DispatchOptions, defaults);
}

/** A request as a dispatcher was given it, checked by undici's rules. */
export class DispatchRequest {
  /** As given: for undici, if the request goes over TCP. */
  readonly options: Http3DispatchOptions;
  readonly origin: Origin;
  readonly method: string;
  /** With `query` applied, in ASCII, without a fragment; of an absolute URL the path and query. */
  readonly path: string;
  /** Of the `host` field, or of an absolute URL in `path`. */
  readonly authority: string | undefined;
  /** The option's, else the `host` field's; undefined: the origin's. */
  readonly serverName: string | undefined;
  readonly body: OutgoingBody;
  /** What HTTP/3 here cannot do. */
  readonly needsTcp: 'CONNECT' | 'upgrade' | undefined;
  readonly expectContinue: boolean;
  /** A connection of its own, closed afterwards. */
  readonly reset: boolean;
  readonly idempotent: boolean;
  readonly limits: TransactionLimits;
  /** Bytes; -1: no limit. */
  readonly maxResponseSize: number;
  readonly strictContentLength: boolean;
  readonly priority: Priority;
  readonly onConnectionInfo: ((info: ResponseConnectionInfo) => void) | undefined;
  readonly #headers = new DispatchHeaders();

  constructor(options: Http3DispatchOptions, defaults: RequestDefaults) {
    const { method, headersTimeout, bodyTimeout } = options;
    checkOptions(options);
    this.options = options;
    this.origin = toOrigin(options.origin);
    this.method = method;
    this.needsTcp = method === 'CONNECT' ? 'CONNECT' : options.upgrade ? 'upgrade' : undefined;
    this.#headers.addAll(options.headers);
    const target = toTarget(options);
    this.path = target.path;
    this.authority = target.authority ?? this.#headers.host;
    this.serverName = options.servername || hostName(this.#headers.host);
    this.body = toOutgoingBody(options.body);
    this.expectContinue = options.expectContinue ?? false;
    this.reset = (options.reset ?? false) || this.#headers.close;
    this.idempotent = options.idempotent ?? IDEMPOTENT.has(method);
    this.limits =
      headersTimeout == null && bodyTimeout == null
        ? defaults
        : {
            headersTimeout: timeout(headersTimeout, defaults.headersTimeout),
            bodyTimeout: timeout(bodyTimeout, defaults.bodyTimeout),
            maxHeaderSize: defaults.maxHeaderSize,
          };
    this.maxResponseSize = defaults.maxResponseSize;
    this.strictContentLength = defaults.strictContentLength;
    this.priority = resolvePriority(options.priority);
    this.onConnectionInfo = options.onConnectionInfo;
    this.#checkContentLength();
  }

  /** Flat, names in lower case. Without host and content-length, and without what HTTP/3 does not have. */
  get headers(): readonly string[] {
    return this.#headers.fields;
  }

  /** The user's. */
  get contentLength(): number | undefined {
    return this.#headers.contentLength;
  }

  get hasContentType(): boolean {
    return this.#headers.hasContentType;
  }

  /** The fields for undici, flat: everything that was given, and what the body says of itself. */
  tcpHeaders(): string[] {
    const { fields, connectionSpecific, host, contentLength, close, hasContentType } = this.#headers;
    const headers = [...fields, ...connectionSpecific];
    if (host !== undefined) headers.push('host', host);
    if (close) headers.push('connection', 'close');
    const { contentType } = this.body;
    if (!hasContentType && contentType !== undefined) headers.push('content-type', contentType);
    const length = contentLength ?? (this.body.empty ? undefined : this.body.length);
    if (length !== undefined) headers.push('content-length', String(length));
    return headers;
  }

  /** As in undici, a content-length without a body means nothing. */
  #checkContentLength(): void {
    const { contentLength, body, strictContentLength } = this;
    if (contentLength === undefined || body.empty || body.length === undefined || !strictContentLength) return;
    if (contentLength === body.length) return;
    throw new RequestContentLengthMismatchError(
      `The request body has ${body.length} bytes instead of its content-length of ${contentLength}`,
    );
  }
}

/** undici's checks, in its order and with its messages. */
function checkOptions(options: Http3DispatchOptions): void {
  const { path, method, upgrade, headersTimeout, bodyTimeout, reset, expectContinue } = options;
  const { throwOnError, maxRedirections, typeOfService } = options as Http3DispatchOptions & {
    readonly maxRedirections?: unknown;
    readonly throwOnError?: unknown;
  };
  check(typeof path === 'string', 'path must be a string');
  check(
    path.startsWith('/') || /^https?:\/\//.test(path) || method === 'CONNECT',
    'path must be an absolute URL or start with a slash',
  );
  check(!NOT_IN_PATH.test(path), 'invalid request path');
  check(typeof method === 'string', 'method must be a string');
  check(isToken(method), 'invalid request method');
  check(!upgrade || typeof upgrade === 'string', 'upgrade must be a string');
  check(typeof upgrade !== 'string' || isFieldValue(upgrade), 'invalid upgrade header');
  check(isTime(headersTimeout), 'invalid headersTimeout');
  check(isTime(bodyTimeout), 'invalid bodyTimeout');
  check(reset == null || typeof reset === 'boolean', 'invalid reset');
  check(expectContinue == null || typeof expectContinue === 'boolean', 'invalid expectContinue');
  check(throwOnError == null, 'invalid throwOnError');
  check(
    maxRedirections == null || maxRedirections === 0,
    'maxRedirections is not supported, use the redirect interceptor',
  );
  check(
    typeOfService == null ||
      (Number.isInteger(typeOfService) && Number(typeOfService) >= 0 && Number(typeOfService) <= 255),
    'typeOfService must be an integer between 0 and 255',
  );
  const { servername, onConnectionInfo } = options;
  check(servername == null || typeof servername === 'string', 'servername must be a string');
  check(
    onConnectionInfo === undefined || typeof onConnectionInfo === 'function',
    'onConnectionInfo must be a function',
  );
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new InvalidArgumentError(message);
}

function isTime(value: unknown): boolean {
  return value == null || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
}

/** Fractions and times beyond what a timer can hold are legal in undici. */
function timeout(value: number | null | undefined, fallback: number): number {
  return value == null ? fallback : Math.min(Math.ceil(value), MAX_TIME);
}

/** The last one is kept: most requests go where the one before went. */
let lastOrigin: { readonly given: string; readonly origin: Origin } | undefined;

function toOrigin(given: unknown): Origin {
  check(
    (typeof given === 'string' && given !== '') || given instanceof URL,
    'opts.origin must be a non-empty string or URL.',
  );
  const text = String(given);
  if (lastOrigin?.given !== text) {
    const origin = parseOrigin(text);
    const { pathname, search, hash } = new URL(text);
    check(pathname === '/' && search === '' && hash === '', 'invalid url');
    lastOrigin = { given: text, origin };
  }
  return lastOrigin.origin;
}

/** The request target for `:path` and `:authority`. CONNECT has another one (RFC 9110 9.3.6), which only TCP needs. */
function toTarget({ path, method, query }: Http3DispatchOptions): { path: string; authority?: string } {
  const full = query ? withQuery(path, query) : path;
  if (method === 'CONNECT') return { path: full };
  if (!full.startsWith('/')) {
    check(URL.canParse(full), 'path must be an absolute URL or start with a slash');
    const url = new URL(full);
    check(url.protocol === 'https:', 'path: HTTP/3 serves https only');
    return { path: url.pathname + url.search, authority: url.host };
  }
  return { path: toAscii(full) };
}

function withQuery(path: string, query: Readonly<Record<string, unknown>>): string {
  check(!/[?#]/.test(path), 'Query params cannot be passed when url already contains "?" or "#".');
  const text = stringify(query as Parameters<typeof stringify>[0]);
  return text === '' ? path : `${path}?${text}`;
}

/** undici sends Latin-1 in a path as it is; a URI has it percent-encoded (RFC 3986 2.1), and no fragment is ever sent. */
function toAscii(path: string): string {
  const fragment = path.indexOf('#');
  const sent = fragment === -1 ? path : path.slice(0, fragment);
  return sent.replace(/[\x7f-\xff]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Name for TLS in a `host` field: without port; none for an address, as in undici. */
function hostName(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:.*$/s, '');
  return name === '' || isIpLiteral(name) ? undefined : name;
}
