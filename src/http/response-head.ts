import { HeadersOverflowError, MessageError } from '../errors.js';
import { agreeContentLength, isConnectionSpecific, isFieldValue, isLowerCaseToken, trimFieldValue } from './fields.js';

/** A response's header section, checked. */
export interface ResponseHead {
  readonly status: number;
  /** Flat: name, value …, without `:status`. */
  readonly headers: readonly string[];
  readonly contentLength: number | undefined;
}

const SWITCHING_PROTOCOLS = 101;
/** What a field costs besides its bytes (RFC 9114 4.2.2). */
const FIELD_OVERHEAD = 32;

/**
 * Checks a response's header section (RFC 9114 4.1.2, 4.2, 4.3.2).
 *
 * @param fields flat, as received
 * @param maxSize limit of the section's size as RFC 9114 4.2.2 counts it
 * @throws MessageError for a malformed response, HeadersOverflowError for one that is too large
 */
export function parseResponseHeaders(fields: readonly string[], maxSize: number): ResponseHead {
  let status: number | undefined;
  let contentLength: number | undefined;
  const headers: string[] = [];
  checkSize(fields, maxSize);
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (name.startsWith(':')) {
      if (name !== ':status') throw new MessageError(`unknown pseudo-header ${name}`);
      if (status !== undefined) throw new MessageError(':status twice');
      if (headers.length > 0) throw new MessageError(':status after other fields');
      status = parseStatus(value);
      continue;
    }
    checkField(name, value);
    if (name === 'content-length') {
      contentLength = agreeContentLength(contentLength, value);
      if (contentLength === undefined) throw new MessageError(`content-length ${JSON.stringify(value)}`);
    }
    headers.push(name, trimFieldValue(value));
  }
  if (status === undefined) throw new MessageError('no :status');
  return { status, headers, contentLength };
}

/** Checks a trailer section: no pseudo-headers (RFC 9114 4.3). */
export function parseTrailers(fields: readonly string[], maxSize: number): readonly string[] {
  checkSize(fields, maxSize);
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (name.startsWith(':')) throw new MessageError(`pseudo-header ${name} in the trailers`);
    checkField(name, fields[index + 1] ?? '');
  }
  return fields;
}

function checkSize(fields: readonly string[], maxSize: number): void {
  let size = (fields.length / 2) * FIELD_OVERHEAD;
  for (const text of fields) size += text.length;
  if (size > maxSize) throw new HeadersOverflowError(size, maxSize);
}

function checkField(name: string, value: string): void {
  if (!isLowerCaseToken(name)) throw new MessageError(`field name ${JSON.stringify(name)}`);
  if (isConnectionSpecific(name)) throw new MessageError(`connection-specific field ${name}`);
  if (!isFieldValue(value)) throw new MessageError(`value of field ${name}`);
}

function parseStatus(value: string): number {
  if (!/^[1-9][0-9]{2}$/.test(value)) throw new MessageError(`:status ${JSON.stringify(value)}`);
  const status = Number(value);
  if (status === SWITCHING_PROTOCOLS) throw new MessageError(':status 101 (RFC 9114 4.5)');
  return status;
}
