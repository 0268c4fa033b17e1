import type { OutgoingHttpHeaders } from 'node:http2';
import { InvalidArgumentError, ResponseError } from '../errors.js';
import { isConnectionSpecific, isFieldValue, isToken, parseContentLength, trimFieldValue } from '../http/fields.js';
import { httpDate } from '../http/http-date.js';

/** A header section for the wire. */
export interface ResponseSection {
  readonly status: number;
  /** Each name and each value ended by a NUL. */
  readonly text: string;
  /** What `sentHeaders` shows. */
  readonly sent: OutgoingHttpHeaders;
  readonly contentLength: number | undefined;
}

const OK = 200;
const SWITCHING_PROTOCOLS = 101;
const FIRST_FINAL_STATUS = 200;
const LAST_STATUS = 599;
const FIRST_INTERIM_STATUS = 100;
/** Responses that have no body whatever the request was (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
const BODILESS = new Set([204, 205, 304]);
/** Known names, so that the same few are not checked for every response; bounded, since names may come from anywhere. */
const MAX_KNOWN_NAMES = 512;
const knownNames = new Map<string, string>();

export function isBodiless(status: number): boolean {
  return BODILESS.has(status);
}

/**
 * The header section of a final response: `:status` is 200 by default, `date` is added.
 * @throws ResponseError, InvalidArgumentError that name the field and what is wrong with it
 */
export function responseSection(headers: OutgoingHttpHeaders, sendDate: boolean): ResponseSection {
  checkObject(headers);
  const status = statusOf(headers, OK);
  if (status < FIRST_FINAL_STATUS || status > LAST_STATUS) {
    throw new ResponseError('ERR_HTTP3_STATUS_INVALID', `Invalid status code: ${status}; a final one is 200 to 599`);
  }
  const sent = Object.create(null) as OutgoingHttpHeaders;
  sent[':status'] = status;
  let text = `:status\0${status}\0${fieldsText(headers, sent, false)}`;
  if (sendDate && sent.date === undefined) {
    const date = httpDate();
    sent.date = date;
    text += `date\0${date}\0`;
  }
  return { status, text, sent, contentLength: contentLengthOf(sent) };
}

/**
 * The header section of an interim response.
 * @throws ResponseError, InvalidArgumentError
 */
export function interimSection(headers: OutgoingHttpHeaders): ResponseSection {
  checkObject(headers);
  const status = statusOf(headers, undefined);
  if (status === SWITCHING_PROTOCOLS) {
    throw new ResponseError('ERR_HTTP3_STATUS_101', 'HTTP status code 101 does not exist in HTTP/3 (RFC 9114 4.5)');
  }
  if (status < FIRST_INTERIM_STATUS || status >= FIRST_FINAL_STATUS) {
    throw new ResponseError('ERR_HTTP3_INVALID_INFO_STATUS', `Invalid informational status code: ${status}`);
  }
  const sent = Object.create(null) as OutgoingHttpHeaders;
  sent[':status'] = status;
  const text = `:status\0${status}\0${fieldsText(headers, sent, false)}`;
  return { status, text, sent, contentLength: undefined };
}

/**
 * A trailer section.
 * @throws ResponseError, InvalidArgumentError
 */
export function trailerSection(headers: OutgoingHttpHeaders): Pick<ResponseSection, 'text' | 'sent'> {
  checkObject(headers);
  const sent = Object.create(null) as OutgoingHttpHeaders;
  return { text: fieldsText(headers, sent, true), sent };
}

/** For those without a compiler: the names of a list would be 0, 1, 2. */
function checkObject(headers: unknown): void {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new InvalidArgumentError('headers: must be an object of names and values');
  }
}

function statusOf(headers: OutgoingHttpHeaders, fallback: number | undefined): number {
  const given: unknown = headers[':status'] ?? fallback;
  const status = Number(given);
  if (!Number.isInteger(status)) {
    throw new ResponseError('ERR_HTTP3_STATUS_INVALID', `Invalid status code: ${String(given)}`);
  }
  return status;
}

/** All fields but the pseudo-headers, checked; `sent` gets them. */
function fieldsText(headers: OutgoingHttpHeaders, sent: OutgoingHttpHeaders, trailers: boolean): string {
  let text = '';
  // Inherited properties count, as for node:http2.
  for (const name in headers) {
    const value: unknown = headers[name];
    if (value === undefined || value === null) continue;
    if (name.charCodeAt(0) === COLON) {
      if (name === ':status' && !trailers) continue;
      throw new ResponseError('ERR_HTTP3_INVALID_PSEUDOHEADER', `'${name}' is no pseudo-header of this section`);
    }
    const lower = knownNames.get(name) ?? checkName(name);
    if (Array.isArray(value)) {
      const values = value.map((item: unknown) => fieldValue(lower, item));
      for (const item of values) text += `${lower}\0${item}\0`;
      keep(sent, lower, values);
    } else {
      const item = fieldValue(lower, value);
      text += `${lower}\0${item}\0`;
      keep(sent, lower, item);
    }
  }
  return text;
}

const COLON = 0x3a;

/** Names that differ in case only are one field with several values. */
function keep(sent: OutgoingHttpHeaders, name: string, value: string | string[]): void {
  const earlier = sent[name];
  sent[name] = earlier === undefined ? value : [earlier, value].flat().map(String);
}

/** @returns the name in lower case */
function checkName(name: string): string {
  const lower = name.toLowerCase();
  if (!isToken(name))
    throw new InvalidArgumentError(`Header name ${JSON.stringify(name)} is not a token (RFC 9110 5.1)`);
  if (isConnectionSpecific(lower) || lower === 'http2-settings') {
    throw new ResponseError(
      'ERR_HTTP3_INVALID_CONNECTION_HEADERS',
      `${lower}: connection-specific fields do not exist in HTTP/3 (RFC 9114 4.2)`,
    );
  }
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(name, lower);
  return lower;
}

function fieldValue(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : textOf(name, value);
  if (!isFieldValue(text)) {
    throw new InvalidArgumentError(
      `${name}: ${JSON.stringify(text.slice(0, 100))} has characters that a field value cannot have (RFC 9110 5.5)`,
    );
  }
  if (name === 'te' && text !== 'trailers') {
    throw new ResponseError('ERR_HTTP3_INVALID_CONNECTION_HEADERS', "te: only 'trailers' is allowed (RFC 9114 4.2)");
  }
  return trimFieldValue(text);
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  // Dates, URLs and the like, as node:http2 takes them.
  if (typeof value === 'object') return String(value);
  throw new InvalidArgumentError(`${name}: a value must be a string or a number, not ${typeof value}`);
}

function contentLengthOf(sent: OutgoingHttpHeaders): number | undefined {
  const value = sent['content-length'];
  if (value === undefined) return undefined;
  const length = typeof value === 'string' ? parseContentLength(value) : undefined;
  if (length === undefined) {
    throw new InvalidArgumentError(`content-length: ${JSON.stringify(value)} is not a number of bytes`);
  }
  return length;
}
