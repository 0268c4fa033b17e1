import type { IncomingHttpHeaders } from 'node:http2';
import { MessageError } from '../errors.js';
import {
  agreeContentLength,
  isConnectionSpecific,
  isFieldValue,
  isLowerCaseToken,
  isToken,
  trimFieldValue,
} from '../http/fields.js';
import { addIncomingField } from '../http/incoming-headers.js';
import { DEFAULT_PRIORITY, type Priority } from '../stream/transaction.js';

/** A request's header section, checked. */
export interface RequestSection {
  /** With the pseudo-headers, as node:http2 gives them. */
  readonly headers: IncomingHttpHeaders;
  readonly contentLength: number | undefined;
  /** `:protocol` of an extended CONNECT (RFC 9220); undefined: an ordinary request. */
  readonly protocol: string | undefined;
}

/** Limits of a section. */
export interface SectionLimits {
  /** Bytes, as RFC 9114 4.2.2 counts them. */
  readonly maxHeaderSize: number;
  /** Fields. */
  readonly maxHeaderListPairs: number;
}

type Fields = Record<string, string | string[] | undefined>;

/** What a field costs besides its bytes (RFC 9114 4.2.2). */
const FIELD_OVERHEAD = 32;
/** Path in origin form, or in authority or asterisk form where they are allowed: visible, no fragment. */
const PATH = /^[\x21\x22\x24-\x7e\x80-\xff]+$/;
/** Host and port (RFC 3986 3.2), without userinfo (RFC 9114 4.3.1). */
const AUTHORITY = /^[\w\-.~!$&'()*+,;=:%[\]]+$/;

/** The section is larger than the limits allow. */
export function exceedsLimits(
  fields: readonly string[],
  { maxHeaderSize, maxHeaderListPairs }: SectionLimits,
): boolean {
  const pairs = fields.length / 2;
  if (pairs > maxHeaderListPairs) return true;
  let size = pairs * FIELD_OVERHEAD;
  for (const text of fields) size += text.length;
  return size > maxHeaderSize;
}

/**
 * Checks a request's header section (RFC 9114 4.1.2, 4.2, 4.3.1).
 *
 * @param fields flat, as received
 * @param extendedConnect the settings offer extended CONNECT; without it `:protocol` is malformed (RFC 9220 3, RFC 9114 4.3)
 * @throws MessageError for a malformed request
 */
export function parseRequestSection(fields: readonly string[], extendedConnect = false): RequestSection {
  const headers = Object.create(null) as Fields;
  let contentLength: number | undefined;
  let pseudo = true;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (name.charCodeAt(0) === COLON) {
      if (!pseudo) throw malformed(`${name} after other fields`);
      if (headers[name] !== undefined) throw malformed(`${name} twice`);
      checkPseudo(name, value, extendedConnect);
      headers[name] = value;
      continue;
    }
    pseudo = false;
    checkField(name, value);
    if (name === 'content-length') {
      contentLength = agreeContentLength(contentLength, value);
      if (contentLength === undefined) throw malformed(`content-length ${JSON.stringify(value)}`);
    }
    addIncomingField(headers, name, trimFieldValue(value));
  }
  checkPresent(headers);
  return { headers, contentLength, protocol: headers[':protocol'] as string | undefined };
}

/**
 * Checks a trailer section: no pseudo-headers (RFC 9114 4.3).
 * @throws MessageError for a malformed one
 */
export function parseTrailerSection(fields: readonly string[]): IncomingHttpHeaders {
  const headers = Object.create(null) as Fields;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (name.charCodeAt(0) === COLON) throw malformed(`pseudo-header ${name} in the trailers`);
    checkField(name, value);
    addIncomingField(headers, name, trimFieldValue(value));
  }
  return headers;
}

const URGENCY = /(?:^|,)\s*u=([0-7])\s*(?:[,;]|$)/;
const INCREMENTAL = /(?:^|,)\s*i(?:=\?1)?\s*(?:[,;]|$)/;

/** A Priority field's value (RFC 9218 4); what cannot be read counts as its default. */
export function parsePriority(value: string | string[] | undefined): Priority {
  if (typeof value !== 'string') return DEFAULT_PRIORITY;
  const urgency = URGENCY.exec(value)?.[1];
  return {
    urgency: urgency === undefined ? DEFAULT_PRIORITY.urgency : Number(urgency),
    incremental: INCREMENTAL.test(value),
  };
}

const COLON = 0x3a;

function checkPseudo(name: string, value: string, extendedConnect: boolean): void {
  switch (name) {
    case ':method':
      if (!isToken(value)) throw malformed(`:method ${JSON.stringify(value)}`);
      return;
    case ':path':
      if (!PATH.test(value)) throw malformed(`:path ${JSON.stringify(value)}`);
      return;
    case ':authority':
      if (!AUTHORITY.test(value)) throw malformed(`:authority ${JSON.stringify(value)}`);
      return;
    case ':scheme':
      if (!isToken(value)) throw malformed(`:scheme ${JSON.stringify(value)}`);
      return;
    case ':protocol':
      if (!extendedConnect) throw malformed('an extended CONNECT, which the settings do not offer');
      if (!isToken(value)) throw malformed(`:protocol ${JSON.stringify(value)}`);
      return;
    default:
      throw malformed(`unknown pseudo-header ${name}`);
  }
}

function checkField(name: string, value: string): void {
  if (!isLowerCaseToken(name)) throw malformed(`field name ${JSON.stringify(name)}`);
  if (isConnectionSpecific(name)) throw malformed(`connection-specific field ${name}`);
  if (name === 'te' && trimFieldValue(value) !== 'trailers') throw malformed(`te ${JSON.stringify(value)}`);
  if (!isFieldValue(value)) throw malformed(`value of field ${name}`);
}

/** Pseudo-headers that must be there (RFC 9114 4.3.1; 4.4 for CONNECT; RFC 8441 4 for an extended one, as for other methods). */
function checkPresent(headers: Fields): void {
  const { ':method': method, ':scheme': scheme, ':path': path, ':authority': authority } = headers;
  if (method === undefined) throw malformed('no :method');
  const extended = headers[':protocol'] !== undefined;
  if (extended && method !== 'CONNECT') throw malformed(':protocol in a request that is no CONNECT');
  if (method === 'CONNECT' && !extended) {
    if (scheme !== undefined || path !== undefined) throw malformed(':scheme or :path in a CONNECT request');
    if (authority === undefined) throw malformed('a CONNECT request without :authority');
    return;
  }
  if (scheme === undefined) throw malformed('no :scheme');
  if (path === undefined) throw malformed('no :path');
  if (extended && authority === undefined) throw malformed('an extended CONNECT without :authority');
  const host = headers.host;
  if (scheme === 'https' || scheme === 'http') {
    if (authority === undefined && (host === undefined || host === '')) throw malformed('neither :authority nor host');
    const originForm = String(path).startsWith('/') || (path === '*' && method === 'OPTIONS');
    if (!originForm) throw malformed(`:path ${JSON.stringify(path)}`);
  }
  if (host === undefined) return;
  if (authority === undefined && host !== '' && !AUTHORITY.test(String(host))) {
    throw malformed(`host ${JSON.stringify(host)}`);
  }
  if (authority !== undefined && host !== authority) throw malformed(':authority and host differ');
}

function malformed(what: string): MessageError {
  return new MessageError(what, 'request');
}
