import { InvalidArgumentError } from '../errors.js';
import { DEFAULT_PRIORITY, type Priority, type RequestHead } from '../stream/transaction.js';
import { isConnectionSpecific, isFieldValue, isToken, parseContentLength, trimFieldValue } from './fields.js';
import type { Origin } from './origin.js';

/** Header fields as `node:http2` takes them: pseudo-headers and fields, an array for several fields of one name. */
export type OutgoingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** A request's header section and what follows from it. */
export interface ParsedRequest {
  readonly head: RequestHead;
  /** The user's content-length. */
  readonly contentLength: number | undefined;
}

const PSEUDO_HEADERS = new Set([':method', ':scheme', ':authority', ':path']);

/**
 * Validates a request's header fields before anything is sent (RFC 9114 4.2, 4.3.1).
 *
 * Names become lower case; values lose white space at their ends. `:method` is GET by default, `:path` '/', `:scheme` 'https',
 * `:authority` the `host` field or the origin's. A priority other than the default becomes a `priority` field (RFC 9218 5) unless
 * there is one.
 *
 * @throws InvalidArgumentError that names the field and what is wrong with it
 */
export function parseRequestHeaders(
  origin: Origin,
  fields: OutgoingHeaders,
  priority: Priority = DEFAULT_PRIORITY,
): ParsedRequest {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  let host: string | undefined;
  let contentLength: number | undefined;
  for (const [name, raw] of Object.entries(fields)) {
    if (raw === undefined) continue;
    const lower = name.toLowerCase();
    if (lower.startsWith(':')) {
      pseudo.set(lower, pseudoValue(lower, raw));
      continue;
    }
    checkName(name, lower);
    for (const value of fieldValues(lower, raw)) {
      if (lower === 'host') host = value;
      else if (lower === 'content-length') contentLength = lengthValue(value, contentLength);
      else checkTe(lower, value);
      if (lower !== 'host') headers.push(lower, value);
    }
  }
  addPriorityField(headers, priority);
  return { head: toHead(origin, pseudo, host, headers), contentLength };
}

/** Says the priority in a `priority` field (RFC 9218 5), unless it is the default or there is such a field. */
export function addPriorityField(headers: string[], priority: Priority): void {
  const field = priorityField(priority);
  if (field !== '' && !headers.some((text, index) => index % 2 === 0 && text === 'priority'))
    headers.push('priority', field);
}

/** @throws InvalidArgumentError if it can be no `:authority` (RFC 9114 4.3.1) */
export function checkAuthority(authority: string): void {
  if (authority === '' || !isVisible(authority) || authority.includes('@')) {
    throw new InvalidArgumentError(`:authority: ${quote(authority)} is not a host with an optional port`);
  }
}

/** Whether HTTP/3 has the field: `te` only with the value `trailers` (RFC 9114 4.2). */
export function existsInHttp3(name: string, value: string): boolean {
  return name === 'te' ? value.toLowerCase() === 'trailers' : !isConnectionSpecific(name);
}

function toHead(
  origin: Origin,
  pseudo: ReadonlyMap<string, string>,
  host: string | undefined,
  headers: string[],
): RequestHead {
  const method = pseudo.get(':method') ?? 'GET';
  const scheme = pseudo.get(':scheme') ?? 'https';
  const authority = pseudo.get(':authority') ?? host ?? origin.authority;
  const path = pseudo.get(':path') ?? '/';
  if (!isToken(method)) throw new InvalidArgumentError(`:method: ${quote(method)} is not a method`);
  if (method === 'CONNECT') throw new InvalidArgumentError(':method: CONNECT is not supported over HTTP/3');
  if (scheme !== 'https') throw new InvalidArgumentError(`:scheme: ${quote(scheme)}; HTTP/3 serves https only`);
  checkAuthority(authority);
  const asterisk = path === '*' && method === 'OPTIONS';
  if ((!path.startsWith('/') && !asterisk) || !isVisible(path) || path.includes('#')) {
    throw new InvalidArgumentError(`:path: ${quote(path)} is not an absolute path in ASCII without a fragment`);
  }
  return { method, scheme, authority, path, headers };
}

/** The Priority field's value; parameters at their defaults are left out (RFC 9218 4). */
function priorityField({ urgency, incremental }: Priority): string {
  const parameters: string[] = [];
  if (urgency !== DEFAULT_PRIORITY.urgency) parameters.push(`u=${urgency}`);
  if (incremental) parameters.push('i');
  return parameters.join(', ');
}

function pseudoValue(name: string, raw: NonNullable<OutgoingHeaders[string]>): string {
  if (!PSEUDO_HEADERS.has(name)) throw new InvalidArgumentError(`${name}: not a pseudo-header of a request`);
  if (typeof raw !== 'string') throw new InvalidArgumentError(`${name}: must be one string`);
  return raw;
}

function checkName(name: string, lower: string): void {
  if (!isToken(name)) throw new InvalidArgumentError(`Header name ${quote(name)} is not a token (RFC 9110 5.1)`);
  if (isConnectionSpecific(lower))
    throw new InvalidArgumentError(`${lower}: connection-specific fields do not exist in HTTP/3 (RFC 9114 4.2)`);
}

function fieldValues(name: string, raw: NonNullable<OutgoingHeaders[string]>): string[] {
  const values = (Array.isArray(raw) ? (raw as readonly unknown[]) : [raw]).map((value) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new InvalidArgumentError(
        `${name}: a value must be a string or a number, not ${value === null ? 'null' : typeof value}`,
      );
    }
    const text = trimFieldValue(String(value));
    if (!isFieldValue(text))
      throw new InvalidArgumentError(
        `${name}: ${quote(text)} has characters that a field value cannot have (RFC 9110 5.5)`,
      );
    return text;
  });
  if (values.length > 1 && (name === 'host' || name === 'content-length')) {
    throw new InvalidArgumentError(`${name}: only one value is allowed`);
  }
  // Several Cookie fields would be legal here but not behind a gateway to HTTP/1.1 (RFC 9114 4.2.1).
  return name === 'cookie' ? [values.join('; ')] : values;
}

function lengthValue(value: string, earlier: number | undefined): number {
  const length = parseContentLength(value);
  if (length === undefined) throw new InvalidArgumentError(`content-length: ${quote(value)} is not a number of bytes`);
  if (earlier !== undefined) throw new InvalidArgumentError('content-length: given twice');
  return length;
}

function checkTe(name: string, value: string): void {
  if (name === 'te' && !existsInHttp3(name, value)) {
    throw new InvalidArgumentError(`te: ${quote(value)}; only 'trailers' is allowed (RFC 9114 4.2)`);
  }
}

function isVisible(value: string): boolean {
  return /^[\x21-\x7e]*$/.test(value);
}

/** A value in a message: shortened, control characters made visible. */
function quote(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
